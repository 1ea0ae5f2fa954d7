"""GraphQL of MLflow's pages: the queries that they send, over the same data as REST."""
