"""What the steps that speak HTTP share: the pool, who may be called, answers, retries."""
