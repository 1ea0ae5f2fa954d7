"""`azureml`, the package that v1 scripts import, built on this SDK.

`studio env` puts this folder on `PYTHONPATH`; nothing else imports from it.
"""
