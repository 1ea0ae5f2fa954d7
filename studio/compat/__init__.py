"""`azureml`, the package that v1 scripts import, made of this SDK.

`studio env` puts this folder on `PYTHONPATH`; nothing else imports from it.
"""
