"""Few-shot learners: any-way MAML, ProtoNet and SimpleShot, from data to learner folders (docs/fewshot-training.md)."""
