"""Pure functions on torch tensors, one topic a module: `ppo_clip`, `gae`, `kl`, `softmax`, `logistic`, `targets`,
`tanh_gaussian`.

Conventions of all of them:
- device and dtype follow the inputs; nothing is moved or cast;
- time comes first: a trajectory has shape [T, ...], usually [T, B];
- `terminated` and `truncated` are two boolean tensors, and the value of the true next state is a tensor of its own;
- `mask` is True in live slots.  A dead slot may hold anything, NaN included: its output and its gradient are 0, and the
  outputs and gradients of live slots are the same bits whatever it holds;
- a NaN in a live slot is never swallowed: what depends on it is NaN (a function that looked for one would wait for the GPU at
  every call), or it is refused where entries are looked at in any case (actions, rewards of groups);
- arguments are checked first: a ValueError names the argument, what is allowed and what was found.  That holds for types,
  shapes, dtypes, devices, empty batches, and numbers out of range, none of which waits for a GPU.

A function is imported from its module (`from numeric.primitives.gae import gae`), so that a module is never hidden by
a function of the same name.
"""
