"""What the tests run against: databases, servers, browsers, MLflow clients."""
