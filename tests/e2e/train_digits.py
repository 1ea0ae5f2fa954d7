"""A plain training script that knows nothing about this product."""

import sys

import mlflow
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

mlflow.set_experiment("digits")
mlflow.autolog()

images, labels = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(images, labels, random_state=0)

with mlflow.start_run(run_name=sys.argv[1]):
    model = SGDClassifier(max_iter=10, tol=None, random_state=0)
    model.fit(train_x, train_y)
    for epoch in range(20):
        model.partial_fit(train_x, train_y)
        mlflow.log_metric("test_accuracy", model.score(test_x, test_y), step=epoch)
    mlflow.log_text("learned to read digits\n", "notes.txt")
