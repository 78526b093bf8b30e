"""Input and output of serving: the vector database, the model store, the event stream."""
