"""Streaming recommendations: interactions → embeddings → pgvector → answers to live events."""
