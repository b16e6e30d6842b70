"""Department queues: what people decide about their posts, kept apart from the published file."""
