"""Recommendation: tables of embeddings, what is gathered from them, and how features interact."""

from .. import quantities as q
from ..equation import equation


@equation(source="torchrec2023dlrm", where="Preliminary Training Results: num_embeddings_per_feature and embedding_dim")
def embedding_table_parameters(rows: q.Rows, embedding_dim: q.EmbeddingDim) -> q.Parameters:
    """Parameters of all tables of embeddings.

    Holds when every table has rows of the same width.

    Stops holding when widths differ from table to table, or when tables are hashed or factored into smaller ones.
    """
    return rows * embedding_dim


@equation(source="naumov2019dlrmcode", where="Description, Dot(e1,...,ek), each pair of different vectors once")
def interaction_pairs(vectors: q.FeatureVectors) -> q.InteractionPairs:
    """Pairs of different feature vectors.

    Holds when each pair is kept once and no vector is paired with itself.

    Stops holding when a model keeps both halves of the square, or its diagonal.
    """
    return vectors * (vectors - 1) / 2


@equation(source="naumov2019dlrmcode", where="sample run in debug mode: 4 features of 2 numbers make 8 interactions")
def dot_interaction_width(pairs: q.InteractionPairs, embedding_dim: q.EmbeddingDim) -> q.FeatureWidth:
    """Numbers that the top network receives when feature vectors interact by dot products.

    Holds when the products stand beside the vector that the bottom network made.

    Stops holding when an implementation pads this to a multiple that suits the hardware.
    """
    return embedding_dim + pairs


@equation(source="torchrec2024crossnet", where="class LowRankCrossNet: W of N by r and V of r by N in every layer")
def cross_network_parameters(width: q.FeatureWidth, rank: q.CrossRank, layers: q.CrossLayers) -> q.Parameters:
    """Parameters of the matrices of a low-rank cross network.

    Holds when every layer carries its features through one bottleneck and back; the biases are vectors and counted apart.

    Stops holding when layers hold a full square matrix, or mix several bottlenecks by a gate.
    """
    return layers * 2 * width * rank


@equation(source="naumov2019dlrmcode", where="Description, fully connected layers: y = Wx + b")
def fully_connected_parameters(inputs: q.LayerInputs, outputs: q.LayerOutputs) -> q.Parameters:
    """Parameters of the matrix of one fully connected layer.

    Holds when every input meets every output; the bias is a vector and counted apart.

    Stops holding when the layer is sparse or factored.
    """
    return inputs * outputs
