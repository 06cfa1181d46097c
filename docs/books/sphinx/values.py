"""Numbers that this book computes: each function is a value, and its first line says what it is."""

from mlsysim import Hardware, Models, Q


def weights_read_time() -> Q:
    """How long an H100 takes to read the weights of Llama 3 8B once."""
    weights = Models.Language.Llama3_8B.parameters * Q("2 byte")
    return (weights / Hardware.Cloud.H100.memory.bandwidth).to("ms")
