"""Who gets a sandbox: the local pool, the pool's daemon and its client, prefetch, the start limit."""
