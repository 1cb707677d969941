"""Environments that live on a device: a batch of them advances by tensor operations, one call a step.

`base` says what an environment is; `cartpole`, `tabular`, `cliff_walk`, `bandit` and `tokens` are five kinds;
`gymnasium_adapters` turns them into Gymnasium's environments and Gymnasium's into these (extra `envs`).
"""
