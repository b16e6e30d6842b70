"""Search in the published mentions: by words (BM25), by meaning (cosine of embeddings), or both fused."""
