"""Counting: the sums and products that a step is made of."""

from .. import quantities as q
from ..equation import equation
from ..vocabulary import ceil


@equation(source="mlsysim", where="counting")
def fleet_devices(nodes: q.Nodes, local_devices: q.LocalDevices) -> q.Devices:
    """Accelerators of a fleet of equal nodes.

    Holds when all nodes are alike.

    Stops holding when the fleet is mixed.
    """
    return nodes * local_devices


@equation(source="mlsysim", where="counting")
def replica_devices(tensor_parallel: q.TensorParallel, pipeline_parallel: q.PipelineParallel) -> q.Devices:
    """Devices of one copy of a served model.

    Holds when every stage has the same tensor-parallel degree.

    Stops holding when prefill and decode run on devices of their own.
    """
    return tensor_parallel * pipeline_parallel


@equation(source="mlsysim", where="counting")
def sharded_reductions(microbatches: q.Microbatches) -> q.Repeats:
    """Traffic of fully sharded data parallelism in a step, in all-reduces of the gradients.

    For each microbatch weights are gathered forward and backward, and gradients are scattered; a gather or a scatter is half of an
    all-reduce.

    Holds when weights are freed after each use, and gradients are added up where they are sharded.

    Stops holding when weights stay gathered between microbatches, or when whole gradients are kept until the last of them.
    """
    return 3 * microbatches / 2


@equation(source="mlsysim", where="counting")
def scattered_reductions(microbatches: q.Microbatches) -> q.Repeats:
    """Traffic of data parallelism with sharded gradients in a step, in all-reduces of the gradients.

    Gradients are scattered after each microbatch, and the new weights are gathered once; a gather or a scatter is half of an
    all-reduce.

    Holds when gradients are added up where they are sharded.

    Stops holding when whole gradients are kept until the last microbatch, which takes their memory.
    """
    return (microbatches + 1) / 2


@equation(source="mlsysim", where="counting")
def inference_footprint(weights: q.WeightBytes, activations: q.ActivationBytes) -> q.Footprint:
    """Memory that inference needs on one device: weights, and the activations held at once.

    Holds when buffers are reused as soon as the graph allows.

    Stops holding when the runtime plans its buffers less well, or keeps an arena of fixed size.
    """
    return weights + activations


@equation(source="mlsysim", where="counting")
def token_count(batch: q.Batch, sequence: q.Sequence) -> q.Tokens:
    """Tokens of a batch of sequences of one length.

    Holds when all sequences have the same length, or are padded to it.

    Stops holding when sequences of many lengths are packed: then count the tokens themselves.
    """
    return batch * sequence


@equation(source="mlsysim", where="counting")
def block_parameters(attention: q.Parameters, mlp: q.Parameters) -> q.Parameters:
    """Parameters of the matrices of one transformer layer.

    Holds when a layer is one attention and one MLP (or one set of experts).

    Stops holding when layers share weights or carry adapters.
    """
    return attention + mlp


@equation(source="mlsysim", where="counting")
def joint_parameters(first: q.Parameters, second: q.Parameters) -> q.Parameters:
    """Parameters of two parts together.

    Holds when the parts share no weights.

    Stops holding when they do: then the shared ones count once.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def joint_work(first: q.ForwardWork, second: q.ForwardWork) -> q.ForwardWork:
    """Arithmetic of two parts of a forward pass.

    Holds when both parts run once.

    Stops holding when one of them is skipped or kept from an earlier pass.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def conditioning_vectors(layers: q.Layers, block: q.BlockModulations, final: q.FinalModulations) -> q.Modulations:
    """Vectors that conditioning hands to all layers and to what follows them.

    Holds when every layer is conditioned alike.

    Stops holding when some layers are not conditioned.
    """
    return layers * block + final


@equation(source="mlsysim", where="counting")
def stacked_parameters(layers: q.Layers, layer: q.LayerParameters) -> q.Parameters:
    """Parameters of equal layers.

    Holds when all layers are alike.

    Stops holding when they share weights, or come in several kinds.
    """
    return layers * layer


@equation(source="mlsysim", where="counting")
def rewritten_bytes(state: q.KvBytes) -> q.KvBytes:
    """Bytes moved by reading a state and writing it back.

    Holds when all of it changes in a step.

    Stops holding when it stays on the chip between two steps.
    """
    return 2 * state


@equation(source="mlsysim", where="counting")
def layer_mean_pairs(everywhere: q.Pairs, inside: q.WindowPairs, layers: q.Layers, global_layers: q.GlobalLayers) -> q.Pairs:
    """Query-key pairs of one sequence in the mean layer, where some layers attend to everything and the others to a window.

    Holds when layers differ only in how far they look back, so that a mean pair costs the same wherever it is.

    Stops holding when local and global layers have heads of different number or width.
    """
    return (global_layers * everywhere + (layers - global_layers) * inside) / layers


@equation(source="mlsysim", where="counting")
def timestep_parameters(frequency: q.Frequencies, hidden: q.Hidden) -> q.Parameters:
    """Parameters of the matrices that embed the time step of a diffusion model.

    Holds when a sinusoid of the step passes through two linear maps, the second one square.

    Stops holding when the step conditions through a table, or when guidance scale or resolution are embedded as well.
    """
    return frequency * hidden + hidden * hidden


@equation(source="mlsysim", where="counting")
def guided_batch(batch: q.Batch, evaluations: q.Evaluations) -> q.Batch:
    """Images that the denoiser sees at once when each is denoised with and without its condition.

    Holds when both are joined into one batch, so that weights are read once for both.

    Stops holding when guidance is distilled into the model, is skipped in some steps, or runs as a pass of its own.
    """
    return batch * evaluations


@equation(source="mlsysim", where="counting")
def sampling_work(one: q.ForwardWork, steps: q.SamplingSteps) -> q.Work:
    """Arithmetic of making images in several denoising steps.

    Holds when every step runs the whole denoiser once over the batch.

    Stops holding when solvers of higher order call it several times a step, when features are reused between steps, or when the
    decoder behind the latent is to be counted.
    """
    return one * steps


@equation(source="mlsysim", where="counting")
def sampling_traffic(one: q.Traffic, steps: q.SamplingSteps) -> q.Traffic:
    """Bytes that making images in several denoising steps moves.

    Holds when nothing stays on the chip between two steps, so that each reads all weights again.

    Stops holding when a model is small enough to stay in on-chip memory.
    """
    return one * steps


@equation(source="mlsysim", where="counting")
def pooling_work(
    lookups: q.Lookups, tables: q.Tables, embedding_dim: q.EmbeddingDim, batch: q.Batch, flop_per_addition: q.FlopPerAddition = 1.0
) -> q.ForwardWork:
    """Arithmetic of adding up the rows that each table gives for a sample.

    Holds when rows are summed without weights, and every table gives at least one.

    Stops holding when rows are weighted, or pooled by attention.
    """
    return flop_per_addition * (lookups - tables) * embedding_dim * batch


@equation(source="mlsysim", where="counting")
def dot_interaction_macs(pairs: q.InteractionPairs, embedding_dim: q.EmbeddingDim) -> q.Macs:
    """Multiply-accumulates of the dot products between feature vectors, for one sample.

    Holds when each pair is computed once.

    Stops holding when a kernel computes the whole square of pairs, which doubles it and adds the diagonal.
    """
    return pairs * embedding_dim


@equation(source="mlsysim", where="counting")
def short_convolution_parameters(channels: q.ConvolvedChannels, kernel: q.ShortKernel) -> q.Parameters:
    """Parameters of the short convolution of a block, each of which multiplies once for each token.

    Holds when every channel has a kernel of its own; biases are counted apart.

    Stops holding when channels are mixed.
    """
    return channels * kernel


@equation(source="mlsysim", where="counting")
def layer_mean_context(context: q.Context, window: q.Window, layers: q.Layers, global_layers: q.GlobalLayers) -> q.Context:
    """Tokens that the mean layer still holds in its cache, and that one new token meets, where local layers forget the rest.

    Holds when a local layer overwrites what has left its window, as a rolling buffer does.

    Stops holding when the server keeps whole contexts for every layer and only masks them, or keeps pages that straddle the window's
    edge.
    """
    return (global_layers * context + (layers - global_layers) * min(context, window)) / layers


@equation(source="mlsysim", where="counting")
def layer_mean_chunk_context(context: q.Context, window: q.Window, layers: q.Layers, global_layers: q.GlobalLayers) -> q.Context:
    """Tokens that one new token meets in the mean layer, where local layers attend within chunks.

    Holds when sequences are in their first chunk, or their places in later chunks are spread evenly: then the mean token meets half of
    its chunk.

    Stops holding when all sequences of a batch enter a chunk together, since each begins it with itself alone and ends it with all of it.
    """
    return (global_layers * context + (layers - global_layers) * (context if context <= window else (window + 1) / 2)) / layers


@equation(source="mlsysim", where="counting")
def gathered_bytes(lookups: q.Lookups, embedding_dim: q.EmbeddingDim, batch: q.Batch, element_size: q.ElementSize) -> q.Traffic:
    """Bytes that the look-ups of a batch read from the tables.

    Holds when every look-up reads its own row from memory, in full.

    Stops holding when popular rows stay in a cache or are read once for a batch, which saves traffic, or when rows are narrower than
    what memory hands out at once, which adds to it.
    """
    return lookups * embedding_dim * batch * element_size


@equation(source="mlsysim", where="counting")
def modulation_parameters(hidden: q.Hidden, modulations: q.Modulations) -> q.Parameters:
    """Parameters of the matrices that turn the conditioning vector into shifts, scales and gates.

    Holds when each of those vectors is a linear map of a conditioning vector as wide as the residual stream, computed once for an
    image, not for a token.

    Stops holding when layers share one map and add a table of their own, or when text conditions through cross-attention.
    """
    return modulations * hidden * hidden


@equation(source="mlsysim", where="counting")
def output_head_parameters(vocabulary: q.Vocabulary, hidden: q.Hidden) -> q.HeadParameters:
    """Parameters of the matrix that turns a hidden state into next-token scores.

    Holds when the head is one dense matrix, whether or not it is tied to the input embedding.

    Stops holding when the head is factored, or the vocabulary is sharded with padding.
    """
    return vocabulary * hidden


@equation(source="mlsysim", where="counting")
def query_key_dim(nope_dim: q.NopeDim, rope_dim: q.RopeDim) -> q.HeadDim:
    """Dimension of a query or key head whose rotary part stands apart.

    Holds when the rotary part is appended to the part without position.

    Stops holding when the rotary embedding turns the whole head.
    """
    return nope_dim + rope_dim


@equation(source="mlsysim", where="counting")
def total_forward_work(matrices: q.ForwardWork, attention: q.AttentionWork) -> q.ForwardWork:
    """Arithmetic of a forward pass: the weight matrices, and attention between tokens.

    Holds when norms, activations and softmax are negligible beside the matrix products.

    Stops holding when the model is so narrow that elementwise work matters.
    """
    return matrices + attention


@equation(source="mlsysim", where="counting")
def pass_traffic(weights: q.WeightBytes, cache: q.KvBytes) -> q.Traffic:
    """Least memory traffic of a pass: every weight read once, the cache read or written once.

    Holds when activations stay on the chip between operators, which makes it a lower bound.

    Stops holding when the working set of a layer outgrows the on-chip memory, so that activations travel too.
    """
    return weights + cache


@equation(source="mlsysim", where="counting")
def convolution_traffic(weights: q.WeightBytes, activations: q.Traffic) -> q.Traffic:
    """Memory traffic of a convolutional pass: weights once, and every layer's activations.

    Holds when layers run one after the other and none keeps its output on the chip.

    Stops holding when layers are fused, which saves activation traffic.
    """
    return weights + activations


@equation(source="mlsysim", where="counting")
def training_traffic(weights: q.WeightBytes, activations: q.ActivationBytes, microbatches: q.Microbatches) -> q.Traffic:
    """Least memory traffic of the forward and backward passes of a step on one device.

    Weights are read forward and backward for each microbatch; stored activations are written and read.

    Holds when kernels touch each stored tensor once each way, and gradients are added up where they are made.

    Stops holding when kernels re-read what they stored, or every microbatch writes its gradients out.
    """
    return microbatches * (2 * weights + 2 * activations)


@equation(source="mlsysim", where="counting")
def training_footprint(state: q.StateBytes, activations: q.ActivationBytes) -> q.Footprint:
    """Memory that training needs on one device: model state and stored activations.

    Holds when buffers, fragmentation and the framework's own memory are small beside both.

    Stops holding when communication buffers or long-context logits take a large share.
    """
    return state + activations


@equation(source="mlsysim", where="counting")
def stored_activations(elements: q.Tokens, batch: q.Batch, element_size: q.ElementSize) -> q.ActivationBytes:
    """Memory of the activations that a batch keeps.

    Holds when every counted element is kept at one size.

    Stops holding when buffers are reused between layers, as inference does.
    """
    return elements * batch * element_size


@equation(source="mlsysim", where="counting")
def one_way_bandwidth(printed: q.PrintedBandwidth, directions: q.Directions) -> q.LinkBandwidth:
    """Bandwidth of a link in one direction.

    Holds when both directions run at the same rate.

    Stops holding when the link is asymmetric.
    """
    return printed / directions


@equation(source="mlsysim", where="counting")
def achieved_bandwidth(bandwidth: q.LinkBandwidth, efficiency: q.Efficiency) -> q.LinkBandwidth:
    """Bandwidth of a link that a large message achieves.

    Holds when messages are large enough to fill the link.

    Stops holding when messages are small: then latency rules, which is counted apart.
    """
    return bandwidth * efficiency


@equation(source="mlsysim", where="counting")
def final_context(input_len: q.InputLen, output_len: q.OutputLen) -> q.Context:
    """Tokens in a sequence's cache when its last token has been made.

    Holds when nothing is evicted.

    Stops holding when a sliding window or eviction caps the cache.
    """
    return input_len + output_len


@equation(source="mlsysim", where="counting")
def context_share(sequence: q.Sequence, context_parallel: q.ContextParallel) -> q.Sequence:
    """Tokens of a sequence that one device holds under context parallelism.

    Holds when the devices divide the sequence.

    Stops holding when causal attention is balanced by giving devices unequal pieces.
    """
    return sequence / context_parallel


@equation(source="mlsysim", where="counting")
def sharded_bytes(whole: q.StateBytes, data_parallel: q.DataParallel) -> q.StateBytes:
    """Bytes of a part of the model state that one replica holds when all of them share it.

    Holds when the shards are equal.

    Stops holding when padding or gathered layers add to a shard.
    """
    return whole / data_parallel


@equation(source="mlsysim", where="counting")
def device_share(work: q.Work, devices: q.Devices) -> q.Work:
    """Arithmetic of one device when all devices share a step evenly.

    Holds when no device waits for another's share.

    Stops holding when stages or experts are unbalanced.
    """
    return work / devices


@equation(source="mlsysim", where="counting")
def expert_layers(layers: q.Layers, dense_layers: q.DenseLayers) -> q.Layers:
    """Layers whose MLP is a set of experts.

    Holds when every layer is either dense or routed.

    Stops holding when a layer holds both side by side.
    """
    return layers - dense_layers


@equation(source="mlsysim", where="counting")
def context_parallel_message(
    microbatch: q.MicrobatchSize,
    sequence: q.Sequence,
    kv_heads: q.KvHeads,
    head_dim: q.HeadDim,
    element_size: q.ElementSize,
    tensor_parallel: q.TensorParallel,
) -> q.Message:
    """Keys and values of a layer that ring attention passes around a context-parallel group.

    Holds when every device sees every key and value once.

    Stops holding when causal masking lets a device skip later pieces.
    """
    return 2 * microbatch * sequence * kv_heads * head_dim * element_size / tensor_parallel


@equation(source="mlsysim", where="counting")
def checkpoint_bytes(
    parameters: q.Parameters, weight_size: q.WeightSize = 2.0, optimizer_size: q.OptimizerSize = 12.0
) -> q.CheckpointBytes:
    """Bytes of a checkpoint: weights and optimizer state of the whole model.

    Holds when each is written once, however it is sharded.

    Stops holding when replicas write copies, or data-loader and activation state is saved too.
    """
    return parameters * (weight_size + optimizer_size)


@equation(source="mlsysim", where="counting")
def years(duration: q.Duration, year: q.Duration = 31536000.0) -> q.Periods:
    """Years in a period, by the unit of a year that the registry has: one without leap days.

    Holds when leap days do not matter.

    Stops holding when a contract counts calendar days.
    """
    return duration / year


@equation(source="mlsysim", where="counting")
def effective_duration(duration: q.Duration, goodput: q.Goodput) -> q.Duration:
    """Time that a job takes when only a share of it makes progress.

    Holds when the job is long beside the mean time between failures.

    Stops holding when a short job sees no failure at all.
    """
    return duration / goodput


@equation(source="mlsysim", where="counting")
def device_work(work: q.Work, tensor_parallel: q.TensorParallel, pipeline_parallel: q.PipelineParallel) -> q.Work:
    """Arithmetic of one device when tensor and pipeline parallelism split it evenly.

    Holds when layers and heads divide evenly over the devices.

    Stops holding when stages are unequal, for example when one carries the output head.
    """
    return work / (tensor_parallel * pipeline_parallel)


@equation(source="mlsysim", where="counting")
def device_bytes(whole: q.WeightBytes, tensor_parallel: q.TensorParallel, pipeline_parallel: q.PipelineParallel) -> q.WeightBytes:
    """Bytes on one device when tensor and pipeline parallelism split them evenly.

    Holds when every matrix is split, embeddings too.

    Stops holding when small tensors are replicated, which adds little.
    """
    return whole / (tensor_parallel * pipeline_parallel)


@equation(source="mlsysim", where="counting")
def layers_held(layers: q.Layers, pipeline_parallel: q.PipelineParallel) -> q.LayersHeld:
    """Layers that one pipeline stage holds.

    Holds when the stages divide the layers.

    Stops holding when stages are given unequal numbers of layers.
    """
    return layers / pipeline_parallel


@equation(source="mlsysim", where="counting")
def device_parameters(
    parameters: q.Parameters, tensor_parallel: q.TensorParallel, pipeline_parallel: q.PipelineParallel
) -> q.DeviceParameters:
    """Parameters that one device holds under tensor and pipeline parallelism.

    Holds when both split the model evenly.

    Stops holding when embeddings unbalance the first and last stage.
    """
    return parameters / (tensor_parallel * pipeline_parallel)


@equation(source="mlsysim", where="counting")
def microbatch_count(global_batch: q.GlobalBatch, data_parallel: q.DataParallel, microbatch_size: q.MicrobatchSize) -> q.Microbatches:
    """Microbatches that each replica runs in an optimizer step.

    Holds when the replicas and the microbatch size divide the global batch.

    Stops holding when the last microbatch is smaller.
    """
    return global_batch / (data_parallel * microbatch_size)


@equation(source="mlsysim", where="counting")
def microbatches_in_flight(microbatches: q.Microbatches, stages: q.PipelineParallel) -> q.InFlight:
    """Microbatches whose activations the first stage holds under the one-forward-one-backward schedule.

    Holds when backward passes start as early as the schedule allows.

    Stops holding when all forward passes run first, which holds every microbatch.
    """
    return min(microbatches, stages)


@equation(source="mlsysim", where="counting")
def pipeline_activation_bytes(one_layer: q.ActivationBytes, layers: q.LayersHeld, in_flight: q.InFlight) -> q.ActivationBytes:
    """Activations that the first stage of a pipeline holds.

    Holds when every layer stores the same and the schedule is one-forward-one-backward without interleaving.

    Stops holding when stages are interleaved, activations are offloaded, or the schedule splits the backward pass.
    """
    return one_layer * layers * in_flight


@equation(source="mlsysim", where="counting")
def routed_expert_parameters(
    layers: q.Layers,
    dense_layers: q.DenseLayers,
    counted: q.TouchedExperts,
    hidden: q.Hidden,
    expert_width: q.ExpertWidth,
    matrices: q.Matrices,
) -> q.Parameters:
    """Parameters of the routed experts of a model, all of them or those that are counted.

    Holds when every routed layer has the same experts.

    Stops holding when layers differ in their number or width of experts.
    """
    return (layers - dense_layers) * counted * matrices * hidden * expert_width


@equation(source="mlsysim", where="counting")
def repeated_time(one: q.CommunicationTime, repeats: q.Repeats) -> q.CommunicationTime:
    """Time of a collective that runs several times, one after the other.

    Holds when the repeats do not overlap each other.

    Stops holding when several run at once and share the link.
    """
    return one * repeats


@equation(source="mlsysim", where="counting")
def collective_count(collectives: q.Repeats, layers: q.LayersHeld, microbatches: q.Microbatches) -> q.Repeats:
    """Collectives that a device takes part in during a step.

    Holds when every layer runs the same collectives on every microbatch.

    Stops holding when microbatches share a collective.
    """
    return collectives * layers * microbatches


@equation(source="mlsysim", where="counting")
def busy_time(
    compute: q.StepTime, tensor: q.CommunicationTime, expert: q.CommunicationTime, context: q.CommunicationTime, stage: q.CommunicationTime
) -> q.IdealTime:
    """Time for which a device works on its share of a step, with the communication that it waits for.

    Holds when tensor, expert, context and pipeline traffic stand on the critical path.

    Stops holding when kernels overlap that traffic with compute.
    """
    return compute + tensor + expert + context + stage


@equation(source="mlsysim", where="counting")
def training_step_time(passes: q.Time, exposed: q.CommunicationTime, update: q.MemoryTime) -> q.StepTime:
    """Time of an optimizer step: forward and backward passes, gradient traffic that nothing hides, and the optimizer's own pass.

    Holds when the optimizer starts after the last gradient has arrived.

    Stops holding when parameters are updated while the backward pass still runs.
    """
    return passes + exposed + update


@equation(source="mlsysim", where="counting")
def total_exposed_time(
    tensor: q.CommunicationTime,
    data: q.CommunicationTime,
    pipeline: q.CommunicationTime,
    expert: q.CommunicationTime,
    context: q.CommunicationTime,
) -> q.CommunicationTime:
    """Communication of a step that no compute hides.

    Holds when each part is already the exposed part of its kind.

    Stops holding when the parts overlap each other.
    """
    return tensor + data + pipeline + expert + context


@equation(source="mlsysim", where="counting")
def through_stages(stage: q.StepTime, stages: q.PipelineParallel) -> q.StepTime:
    """Time of one batch through all stages of a pipeline, one after the other.

    Holds when the stages are equal.

    Stops holding when one stage is slower: then it sets the pace of the others.
    """
    return stage * stages


@equation(source="mlsysim", where="counting")
def stage_batch(batch: q.Batch, stages: q.PipelineParallel) -> q.Batch:
    """Sequences that a stage computes at a time when a serving pipeline is kept full.

    Holds when as many groups of sequences as stages are in flight.

    Stops holding when fewer sequences than stages are there; one at a time is the least.
    """
    return ceil(batch / stages)


@equation(source="mlsysim", where="counting")
def activation_bytes_at_most(scheduled: q.ActivationBytes, whole: q.ActivationBytes) -> q.ActivationBytes:
    """Activations at the peak of a pipeline's schedule, which are never more than those of all microbatches of a step.

    Holds when a schedule starts as many microbatches as its form asks for, or all of them where there are fewer.

    Stops holding when microbatches of the next step are started before this one ends.
    """
    return min(scheduled, whole)


@equation(source="mlsysim", where="counting")
def half_batch(batch: q.Batch) -> q.Batch:
    """Sequences that are computed at a time where two halves of a batch take turns.

    Holds when the halves are alike.

    Stops holding when one of them has a sequence more.
    """
    return batch / 2


@equation(source="mlsysim", where="counting")
def both_halves(half: q.Time) -> q.Time:
    """Time of a pass in two halves, from that of one.

    Holds when the halves are alike and the device computes one after the other.

    Stops holding when both run side by side, each on a part of the device.
    """
    return 2 * half


@equation(source="mlsysim", where="counting")
def other_work(work: q.Work, part: q.AttentionWork) -> q.Work:
    """Arithmetic of a pass without a part that is counted apart.

    Holds when the part is among what is counted.

    Stops holding when they belong to different passes.
    """
    return work - part


@equation(source="mlsysim", where="counting")
def heads_held(heads: q.KvHeads, tensor_parallel: q.TensorParallel) -> q.KvHeads:
    """Key-value heads that a device holds; where devices outnumber heads, each holds a copy of one.

    Holds when heads are dealt whole.

    Stops holding when a head is split over devices.
    """
    return ceil(heads / tensor_parallel)


@equation(source="mlsysim", where="counting")
def joint_capacity(first: q.Capacity, second: q.Capacity) -> q.Capacity:
    """Memory that can hold a model: main memory, and storage that weights are executed from.

    Holds when weights are read in place, as microcontrollers do from flash.

    Stops holding when weights must be copied into main memory first.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def requests_served(rate: q.RequestRate, duration: q.Duration, utilization: q.Utilization) -> q.Queries:
    """Requests that a system answers in a period.

    Holds when it runs at its full rate for that share of the time.

    Stops holding when load comes in bursts that queue or are dropped.
    """
    return rate * duration * utilization


@equation(source="mlsysim", where="counting")
def tokens_served(rate: q.Throughput, duration: q.Duration, utilization: q.Utilization) -> q.TokensOut:
    """Tokens that a system generates in a period.

    Holds when it runs at its full rate for that share of the time.

    Stops holding when load comes in bursts that queue or are dropped.
    """
    return rate * duration * utilization


@equation(source="mlsysim", where="counting")
def request_rate(throughput: q.Throughput, output_len: q.OutputLen) -> q.RequestRate:
    """Requests a second that an output rate answers.

    Holds when every request generates the same number of tokens.

    Stops holding when lengths vary and long requests hold their place.
    """
    return throughput / output_len


@equation(source="mlsysim", where="counting")
def replicas(devices: q.Devices, replica: q.Devices) -> q.Replicas:
    """Copies of a served model that a fleet holds.

    Holds when a replica's devices divide the fleet.

    Stops holding when devices are left over.
    """
    return devices / replica


@equation(source="mlsysim", where="counting")
def fleet_throughput(one: q.Throughput, copies: q.Replicas) -> q.Throughput:
    """Rate of several equal replicas.

    Holds when requests are spread evenly and replicas share nothing.

    Stops holding when a router or the network saturates.
    """
    return one * copies


@equation(source="mlsysim", where="counting")
def fleet_power(one: q.Power, count: q.Devices) -> q.Power:
    """Electrical power over equal parts of a fleet.

    Holds when all parts are alike.

    Stops holding when the fleet is mixed.
    """
    return one * count


@equation(source="mlsysim", where="counting")
def fleet_price(one: q.Price, count: q.Devices) -> q.Price:
    """Price over equal parts of a fleet.

    Holds when all parts are alike.

    Stops holding when the fleet is mixed.
    """
    return one * count


@equation(source="mlsysim", where="counting")
def fleet_embodied_carbon(one: q.DeviceCarbon, count: q.Devices) -> q.DeviceCarbon:
    """Greenhouse gas of making the equipment, summed over equal parts of a fleet.

    Holds when all parts are alike.

    Stops holding when the fleet is mixed.
    """
    return one * count


@equation(source="mlsysim", where="counting")
def added_price(one: q.Price, other: q.Price) -> q.Price:
    """Price of two things together.

    Holds when neither is part of the other.

    Stops holding when a discount is given for the whole.
    """
    return one + other


@equation(source="mlsysim", where="counting")
def added_charge(one: q.Charge, other: q.Charge) -> q.Charge:
    """Capital that two things charge to the same period.

    Holds when neither is part of the other.

    Stops holding when the periods differ.
    """
    return one + other


@equation(source="mlsysim", where="counting")
def added_power(one: q.Power, other: q.Power) -> q.Power:
    """Electrical power of two things together.

    Holds when neither is part of the other.

    Stops holding when one is counted in the other's rating.
    """
    return one + other


@equation(source="mlsysim", where="counting")
def shared_price(price: q.Price, share: q.NetworkShare) -> q.Price:
    """Price that is stated as a share of another.

    Holds when both are bought together.

    Stops holding when the share is that of another kind of fleet.
    """
    return price * share


@equation(source="mlsysim", where="counting")
def shared_power(power: q.Power, share: q.NetworkShare) -> q.Power:
    """Electrical power that is stated as a share of another.

    Holds when both run together.

    Stops holding when the share is that of another kind of fleet.
    """
    return power * share


@equation(source="mlsysim", where="counting")
def shared_residual(price: q.Price, share: q.ResidualShare) -> q.ResidualValue:
    """Resale value that is stated as a share of the price.

    Holds when the share belongs to the same age.

    Stops holding when the second-hand market moves.
    """
    return price * share


@equation(source="mlsysim", where="counting")
def fabric_ports(nodes: q.Nodes, nics: q.Nics) -> q.Ports:
    """Ports by which the nodes of a fleet hang on the network.

    Holds when every node has as many.

    Stops holding when some of them stay unplugged.
    """
    return nodes * nics


@equation(source="mlsysim", where="counting")
def network_price(port: q.PortPrice, ports: q.Ports) -> q.Price:
    """Price of a network that is stated for each port of a node.

    Holds when switches of all tiers, optics and cables are in it.

    Stops holding when the network has more or fewer tiers than the one that the price is from.
    """
    return port * ports


@equation(source="mlsysim", where="counting")
def network_power(port: q.PortPower, ports: q.Ports) -> q.Power:
    """Electrical power of a network that is stated for each port of a node.

    Holds when switches of all tiers and optics are in it.

    Stops holding when the network has more or fewer tiers than the one that the power is from.
    """
    return port * ports


@equation(source="mlsysim", where="counting")
def staff_cost(rate: q.StaffRate, duration: q.Duration) -> q.StaffCost:
    """Cost of staff over a period.

    Holds when the same people work all along.

    Stops holding when they look after other fleets too.
    """
    return rate * duration


@equation(source="mlsysim", where="counting")
def prompt_tokens(queries: q.Queries, input_len: q.InputLen) -> q.TokensIn:
    """Prompt tokens of a number of requests.

    Holds when all prompts are equally long.

    Stops holding when a part of them is read from a cache.
    """
    return queries * input_len


@equation(source="mlsysim", where="counting")
def window_intensity(intensity: q.CarbonIntensity, factor: q.HourFactor) -> q.CarbonIntensity:
    """Carbon intensity of the hours in which the work runs.

    Holds when the grid's day looks like its profile.

    Stops holding when the season or the weather makes it another day.
    """
    return intensity * factor


@equation(source="mlsysim", where="counting")
def shift_saving(best: q.HourFactor) -> q.ShiftSaving:
    """Share that the best start of the day saves over a random one, whose factor is one.

    Holds when every start is equally likely otherwise.

    Stops holding when the work may start at some hours only.
    """
    return max(0, 1 - best)


@equation(source="mlsysim", where="counting")
def count_below(so_far: q.Spares, probability: q.Availability, target: q.AvailabilityTarget) -> q.Spares:
    """Count of how many probabilities in a row lie below a target.

    Holds when they rise from one to the next.

    Stops holding when they do not.
    """
    return so_far + 1 if probability < target else so_far


@equation(source="mlsysim", where="counting")
def recovery_with_spares(restart: q.RecoveryTime, repair: q.RepairTime, ready: q.Availability) -> q.RecoveryTime:
    """Mean time from a failure to running again: a restart, and a repair before it where no spare is free.

    Holds when a spare is as good as the node that it replaces and takes its place in the time of the restart.

    Stops holding when a wait for repair has partly passed already because another node failed before, which makes this an upper
    bound, or when the job goes on with fewer nodes.
    """
    return restart + (1 - ready) * repair


@equation(source="mlsysim", where="counting")
def effective_throughput(throughput: q.Throughput, goodput: q.Goodput) -> q.Throughput:
    """Rate of a job when only a share of the time makes progress.

    Holds when the job is long beside the mean time between failures.

    Stops holding when a short job sees no failure at all.
    """
    return throughput * goodput


@equation(source="mlsysim", where="counting")
def effective_mfu(mfu: q.Mfu, goodput: q.Goodput) -> q.Mfu:
    """Model FLOPs utilization of a job when only a share of the time makes progress.

    Holds when the job is long beside the mean time between failures.

    Stops holding when a short job sees no failure at all.
    """
    return mfu * goodput


@equation(source="mlsysim", where="counting")
def backward_time(compute: q.StepTime, microbatches: q.Microbatches) -> q.HidingTime:
    """Time of the last backward pass of a step, behind which the reduction of the gradients can hide.

    Holds when the backward pass costs twice the forward pass, and gradients are final in the last microbatch.

    Stops holding when recomputation adds forward work to the backward pass; then more can hide.
    """
    return 2 * compute / (3 * microbatches)


@equation(source="mlsysim", where="counting")
def port_bandwidth(nic_bandwidth: q.LinkBandwidth, fabric_bandwidth: q.LinkBandwidth) -> q.LinkBandwidth:
    """Bandwidth of a node's port on a fabric: the slower of the two sets the pace.

    Holds when both figures count one direction of one port.

    Stops holding when a port is split over several ports of the fabric.
    """
    return min(nic_bandwidth, fabric_bandwidth)


@equation(source="mlsysim", where="counting")
def mesh_bandwidth(link_bandwidth: q.LinkBandwidth, devices: q.Devices, local_devices: q.LocalDevices) -> q.LinkBandwidth:
    """Part of a device's bandwidth that a group can use in a mesh, where each pair of devices has links of its own.

    Holds when links are shared out evenly over the peers, and traffic takes no detour through devices outside the group.

    Stops holding when the wiring is uneven, or detours are taken.
    """
    return link_bandwidth * (devices - 1) / (local_devices - 1)


@equation(source="mlsysim", where="counting")
def both_bytes(first: q.StateBytes, second: q.StateBytes) -> q.StateBytes:
    """Bytes of two parts of the model together.

    Holds when the parts do not overlap.

    Stops holding when a tensor is counted in both.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def shared_parameters(parameters: q.Parameters, routed: q.Parameters) -> q.Parameters:
    """Parameters that every expert-parallel rank holds: all but the routed experts.

    Holds when routed experts are counted among all.

    Stops holding when some experts are replicated.
    """
    return parameters - routed


@equation(source="mlsysim", where="counting")
def expert_share(routed: q.Parameters, expert_parallel: q.ExpertParallel) -> q.Parameters:
    """Parameters of routed experts that one expert-parallel rank holds.

    Holds when the ranks divide the experts.

    Stops holding when popular experts are held by several ranks.
    """
    return routed / expert_parallel


@equation(source="mlsysim", where="counting")
def one_after_the_other(first: q.CommunicationTime, second: q.CommunicationTime) -> q.CommunicationTime:
    """Time of two collectives, one after the other.

    Holds when they use the same links.

    Stops holding when they run at once on different links.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def context_bytes(whole: q.ActivationBytes, context_parallel: q.ContextParallel) -> q.ActivationBytes:
    """Activations that one device stores under context parallelism, scores against all keys included.

    Holds when the devices divide the sequence.

    Stops holding when causal attention is balanced by unequal pieces.
    """
    return whole / context_parallel


@equation(source="mlsysim", where="counting")
def scattered_message(message: q.Message, tensor_parallel: q.TensorParallel) -> q.Message:
    """Part of a stage's output that each tensor-parallel rank sends on, to be gathered by the ranks behind.

    Holds when the receiving node gathers over its own links, which is not counted.

    Stops holding when every rank sends the whole output.
    """
    return message / tensor_parallel


@equation(source="mlsysim", where="counting")
def convolution_training_traffic(weights: q.WeightBytes, activations: q.ActivationBytes) -> q.Traffic:
    """Memory traffic of the forward and backward passes of a convolutional network.

    Holds when activations are written and read forward, and backward the stored ones are read and their gradients written and read.

    Stops holding when layers are fused, which saves activation traffic.
    """
    return 2 * weights + 5 * activations


@equation(source="mlsysim", where="counting")
def optimizer_traffic(weights: q.WeightBytes, gradients: q.GradientBytes, optimizer: q.OptimizerBytes) -> q.Traffic:
    """Least memory traffic of the optimizer's pass at the end of a step.

    Gradients are read, the state is read and written, weights are written.

    Holds when the update is fused into one pass over the state.

    Stops holding when the optimizer makes several passes, or its state is held elsewhere.
    """
    return weights + gradients + 2 * optimizer


@equation(source="mlsysim", where="counting")
def pass_parameters(parameters: q.Parameters, shared: q.Parameters, held: q.Parameters) -> q.Parameters:
    """Parameters that one expert-parallel rank reads in a pass: no more than it holds, and no more than the tokens touch.

    Holds when tokens are spread over the experts.

    Stops holding when a few experts draw all tokens.
    """
    return min(parameters, shared + held)


@equation(source="mlsysim", where="counting")
def group_tokens(tokens: q.Tokens, expert_parallel: q.ExpertParallel) -> q.Tokens:
    """Tokens of all replicas that share their experts.

    Holds when the replicas compute equal batches at the same time.

    Stops holding when some of them idle.
    """
    return tokens * expert_parallel


@equation(source="mlsysim", where="counting")
def expert_rank_parameters(parameters: q.Parameters, routed: q.Parameters, expert_parallel: q.ExpertParallel) -> q.Parameters:
    """Parameters that one of several replicas holds, or reads, when they share their routed experts.

    Holds when experts, and the tokens that they draw, are spread evenly.

    Stops holding when popular experts are held twice.
    """
    return parameters - routed + routed / expert_parallel


@equation(source="mlsysim", where="counting")
def unshared_cache(whole: q.KvBytes, prefix: q.KvBytes) -> q.KvBytes:
    """Key-value cache that a sequence does not share with others.

    Holds when the shared part is stored once.

    Stops holding when each sequence keeps a copy of it.
    """
    return whole - prefix


@equation(source="mlsysim", where="counting")
def prefix_footprint(footprint: q.Footprint, prefix: q.KvBytes) -> q.Footprint:
    """Memory of serving with the cache of a shared prefix, stored once.

    Holds when all sequences begin with the same prefix.

    Stops holding when there are several prefixes.
    """
    return footprint + prefix


@equation(source="mlsysim", where="counting")
def computed_tokens(input_len: q.InputLen, prefix_len: q.PrefixLen) -> q.NewTokens:
    """Prompt tokens that are left to compute when a prefix is cached.

    Holds when the prefix is found in the cache.

    Stops holding when it was evicted.
    """
    return input_len - prefix_len


@equation(source="mlsysim", where="counting")
def stage_hops(stages: q.PipelineParallel) -> q.Repeats:
    """Messages from stage to stage on the way through a pipeline.

    Holds when each stage hands over once.

    Stops holding when stages are interleaved.
    """
    return stages - 1


@equation(source="mlsysim", where="counting")
def both_messages(first: q.CommunicationTime, second: q.CommunicationTime, third: q.CommunicationTime) -> q.CommunicationTime:
    """Time of three kinds of communication that take turns.

    Holds when none of them overlaps another.

    Stops holding when they use different links at the same time.
    """
    return first + second + third


@equation(source="mlsysim", where="counting")
def verified_tokens(batch: q.Batch, draft_tokens: q.DraftTokens) -> q.Tokens:
    """Tokens of a batch that one verification computes: each draft, and the token before it.

    Holds when every sequence has a draft of the same length.

    Stops holding when drafts end early.
    """
    return batch * (draft_tokens + 1)


@equation(source="mlsysim", where="counting")
def both_weights(first: q.WeightBytes, second: q.WeightBytes) -> q.WeightBytes:
    """Weights of two models on the same device.

    Holds when neither is offloaded.

    Stops holding when they share layers.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def both_caches(first: q.KvBytes, second: q.KvBytes) -> q.KvBytes:
    """Caches of two models on the same device.

    Holds when both keep the same sequences.

    Stops holding when they share layers.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def both_prefills(first: q.StepTime, second: q.StepTime) -> q.StepTime:
    """Time to compute the prompts with two models, one after the other.

    Holds when they share the devices.

    Stops holding when they run side by side.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def chunk_work(work: q.Work, chunks: q.Chunks) -> q.Work:
    """Arithmetic of one of several chunks of a prompt, on average.

    Holds when chunks are averaged over: later ones attend to more tokens than earlier ones.

    Stops holding when one chunk in particular is meant.
    """
    return work / chunks


@equation(source="mlsysim", where="counting")
def chunk_context(new_tokens: q.NewTokens, chunk: q.ChunkSize, prefix_len: q.PrefixLen = 0) -> q.Context:
    """Cached tokens that a chunk of a prompt touches, on average, itself included.

    Holds when chunks are full: the first touches the cached prefix and itself, the last the whole prompt.

    Stops holding when one chunk in particular is meant.
    """
    return prefix_len + (new_tokens + min(new_tokens, chunk)) / 2


@equation(source="mlsysim", where="counting")
def mixed_work(decode: q.Work, chunk: q.Work) -> q.Work:
    """Arithmetic of a step that decodes and computes a chunk of a prompt.

    Holds when both go through the layers together.

    Stops holding when they are launched apart.
    """
    return decode + chunk


@equation(source="mlsysim", where="counting")
def mixed_tokens(batch: q.Batch, chunk: q.ChunkSize) -> q.Tokens:
    """Tokens of a step that decodes and computes a chunk of a prompt.

    Holds when the chunk is full.

    Stops holding when it is the last one.
    """
    return batch + chunk


@equation(source="mlsysim", where="counting")
def chunked_prompt_time(mixed: q.MixedTime, chunks: q.Chunks) -> q.PromptTime:
    """Time from the first chunk of a prompt to its first token.

    Holds when each step carries a chunk of the same prompt.

    Stops holding when prompts take turns.
    """
    return chunks * mixed


@equation(source="mlsysim", where="counting")
def stalled_token_time(itl: q.Itl, prompt: q.PromptTime) -> q.Itl:
    """Longest time between two tokens, when a whole prompt is computed in between.

    Holds when one prompt joins at a time.

    Stops holding when several wait to join.
    """
    return itl + prompt


@equation(source="mlsysim", where="counting")
def slot_time(tpot: q.Tpot, output_len: q.OutputLen) -> q.ServiceTime:
    """Time that a request keeps its place in a full batch.

    Holds when places are refilled at once, so that all time of the replica belongs to some place.

    Stops holding when the batch is not full.
    """
    return tpot * output_len


@equation(source="mlsysim", where="counting")
def slots(batch: q.Batch, copies: q.Replicas) -> q.Servers:
    """Places for requests in all replicas together.

    Holds when a request may go to any replica.

    Stops holding when requests stick to one.
    """
    return batch * copies


@equation(source="mlsysim", where="counting")
def replica_rate(rate: q.RequestRate, copies: q.Replicas) -> q.RequestRate:
    """Requests a second of one replica.

    Holds when requests are spread evenly.

    Stops holding when they are not.
    """
    return rate / copies


@equation(source="mlsysim", where="counting")
def server_load(rate: q.RequestRate, service: q.ServiceTime) -> q.Load:
    """Share of its time that a single server is busy.

    Holds when the queue is in a steady state.

    Stops holding when more arrives than can be served.
    """
    return rate * service


@equation(source="mlsysim", where="counting")
def pool_rate(copies: q.Replicas, service: q.ServiceTime) -> q.RequestRate:
    """Requests a second that servers can take, each one at a time.

    Holds when a server is never idle.

    Stops holding when it batches requests.
    """
    return copies / service


@equation(source="mlsysim", where="counting")
def slower_rate(first: q.RequestRate, second: q.RequestRate) -> q.RequestRate:
    """Requests a second that two pools in a row can serve.

    Holds when each request passes both.

    Stops holding when some skip one.
    """
    return min(first, second)


@equation(source="mlsysim", where="counting")
def total_wait(first: q.QueueTime, second: q.QueueTime) -> q.QueueTime:
    """Time in two queues, one after the other.

    Holds when means are added; two percentiles added are those of a request that is unlucky twice, so they overstate.

    Stops holding when one wait overlaps the other.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def loaded_first_token(wait: q.QueueTime, prompt: q.PromptTime) -> q.Ttft:
    """Time to first token of a request that waits its turn and is then computed.

    Holds when the first token is sent as soon as the prompt is done.

    Stops holding when it waits for the step that is under way.
    """
    return wait + prompt


@equation(source="mlsysim", where="counting")
def loaded_latency(ttft: q.Ttft, moved: q.QueueTime, tpot: q.Tpot, output_len: q.OutputLen) -> q.RequestLatency:
    """Time from a request to its last token, with the move of its cache to other devices.

    Holds when tokens come at their mean pace.

    Stops holding when the answer is cut short.
    """
    return ttft + moved + (output_len - 1) * tpot


@equation(source="zhong2024distserve", where="section 3.1, equation 2: the slowest stage sets the pace of the queue")
def stage_service(prompt: q.PromptTime, stages: q.PipelineParallel) -> q.ServiceTime:
    """Time that a prompt keeps a stage of a pipeline busy, after which the next one may enter.

    Holds when the stages are equal and messages between them are short.

    Stops holding when prompts differ in length, so that short ones wait behind long ones in every stage.
    """
    return prompt / stages


@equation(source="mlsysim", where="counting")
def served_tokens(rate: q.RequestRate, output_len: q.OutputLen) -> q.Throughput:
    """Tokens generated a second at a rate of requests.

    Holds when all answers are equally long, or at their mean.

    Stops holding when answers are cut short.
    """
    return rate * output_len


@equation(source="mlsysim", where="counting")
def traffic_without_weights(traffic: q.Traffic, weights: q.ReadWeightBytes) -> q.Traffic:
    """Bytes that main memory moves in a step whose weights come from elsewhere.

    Holds when weights go straight to where they are used.

    Stops holding when they are written to main memory first and read from there.
    """
    return traffic - weights


@equation(source="mlsysim", where="counting")
def footprint_without_weights(footprint: q.Footprint, weights: q.WeightBytes) -> q.Footprint:
    """Memory that a step needs on a device whose weights lie elsewhere.

    Holds when the weights in flight are few beside the rest.

    Stops holding when a layer, or two of them, must lie in memory whole.
    """
    return footprint - weights


@equation(source="mlsysim", where="counting")
def slower_level(first: q.MemoryTime, second: q.MemoryTime) -> q.MemoryTime:
    """Time of traffic to two levels of memory at the same time.

    Holds when both transfers run side by side.

    Stops holding when one waits for the other.
    """
    return max(first, second)


@equation(source="mlsysim", where="counting")
def fullest_stage_layers(layers: q.Layers, stages: q.PipelineParallel, virtual_stages: q.VirtualStages = 1) -> q.LayersHeld:
    """Layers of the fullest stage of a pipeline, which sets the pace of the others.

    Holds when layers are dealt out as evenly as whole layers allow, in chunks of which each stage has the same number.

    Stops holding when stages that also hold the embedding or the output head are given fewer layers on purpose.
    """
    return virtual_stages * ceil(layers / (stages * virtual_stages))


@equation(source="mlsysim", where="counting")
def full_stages(layers: q.Layers, fullest: q.LayersHeld) -> q.FullStages:
    """Stages that would hold all layers if each were as full as the fullest; the fullest then has its even share of them.

    Holds when what is shared is spread evenly over the layers, embedding and output head included.

    Stops holding when embedding and head weigh more than a layer or two.
    """
    return layers / fullest


@equation(source="mlsysim", where="counting")
def padded_layers(fullest: q.LayersHeld, stages: q.PipelineParallel) -> q.Layers:
    """Layers of a pipeline whose stages were all as full as the fullest.

    Holds when the fullest stage is the one that counts.

    Stops holding when the layers that are there are meant.
    """
    return fullest * stages


@equation(source="mlsysim", where="counting")
def fullest_share(work: q.Work, devices: q.Devices, stages: q.PipelineParallel, full: q.FullStages) -> q.Work:
    """Arithmetic of one device of the fullest stage.

    Holds when work goes with the layers, and is even among the devices of a stage.

    Stops holding when experts are unbalanced, or when the output head outweighs the layers.
    """
    return work / devices * stages / full


@equation(source="mlsysim", where="counting")
def balanced_time(fullest: q.StepTime, stages: q.PipelineParallel, full: q.FullStages) -> q.StepTime:
    """Time that a step would take if the layers were spread evenly over the stages.

    Holds when time goes with the layers of a stage.

    Stops holding when a fixed part of it does not.
    """
    return fullest * full / stages


@equation(source="mlsysim", where="counting")
def buffer_bytes(gathered: q.BufferBytes, buckets: q.BucketBytes) -> q.BufferBytes:
    """Memory of gathered weights and of buckets for communication.

    Holds when both exist at once.

    Stops holding when they share their memory.
    """
    return gathered + buckets


@equation(source="mlsysim", where="counting")
def buffers_with_layer(buffers: q.BufferBytes, layer: q.ActivationBytes) -> q.BufferBytes:
    """Memory of buffers, and of the activations of a layer that is computed again for its backward pass.

    Holds when layers are computed again one by one, and all that one layer keeps exists at once.

    Stops holding when several layers form one checkpoint, or when what is computed again is let go piece by piece.
    """
    return buffers + layer


@equation(source="mlsysim", where="counting")
def footprint_with_buffers(footprint: q.Footprint, buffers: q.BufferBytes) -> q.Footprint:
    """Memory that a training step needs on one device, buffers included.

    Holds when the buffers are there at the peak.

    Stops holding when they are let go before it.
    """
    return footprint + buffers


@equation(source="mlsysim", where="counting")
def recomputed_work(layers: q.RecomputedWork, kernel: q.RecomputedWork) -> q.RecomputedWork:
    """Arithmetic that is done again: of layers that were not stored, and inside the attention kernel.

    Holds when the kernel's backward pass computes its scores again also where the layer was just recomputed.

    Stops holding when a kernel is told to keep them.
    """
    return layers + kernel


@equation(source="mlsysim", where="counting")
def recomputed_traffic(
    traffic: q.Traffic, weights: q.WeightBytes, checkpoints: q.ActivationBytes, microbatches: q.Microbatches
) -> q.Traffic:
    """Memory traffic of a training step that computes its layers again: weights read once more, and checkpoints written and read.

    Holds when what was computed again is written and read as in the first pass, which the traffic given counts already.

    Stops holding when layers stay on the chip between the second forward and the backward pass.
    """
    return traffic + microbatches * (weights + 2 * checkpoints)


@equation(source="mlsysim", where="counting")
def free_compute_time(compute: q.StepTime, hidden: q.CommunicationTime) -> q.StepTime:
    """Compute behind which further communication can hide, after some of it hides other communication already.

    Holds when a stretch of compute hides one kind of communication at a time.

    Stops holding when both use different links and may hide behind the same compute.
    """
    return max(0, compute - hidden)


@equation(source="mlsysim", where="counting")
def machine_balance(bandwidth: q.Bandwidth, peak: q.Peak) -> q.Balance:
    """Bytes that a device's memory moves while it does one operation at its peak; the inverse of the ridge point.

    Holds when both are peaks.

    Stops holding when either is a measured rate.
    """
    return bandwidth / peak


@equation(source="mlsysim", where="counting")
def work_per_joule(peak: q.Peak, power: q.MaxPower) -> q.WorkPerJoule:
    """Arithmetic that a device does for each unit of energy at its peak and at its power limit.

    Holds when it reaches its peak within that limit.

    Stops holding when the clock falls to stay within it, or when hosts, networks and cooling are to be counted.
    """
    return peak / power


@equation(source="mlsysim", where="counting")
def largest_model(capacity: q.Capacity, weight_size: q.WeightSize) -> q.Parameters:
    """Parameters whose weights alone fill a device's memory.

    Holds when nothing else is stored.

    Stops holding when caches and activations need room, as they always do.
    """
    return capacity / weight_size


@equation(source="mlsysim", where="counting")
def price_of_work(price: q.Price, peak: q.Peak, lifetime: q.Lifetime) -> q.PriceOfWork:
    """Price of a device for each operation that it can do in its service life, as money for a rate of arithmetic and an hour.

    Holds when the device runs at its peak for all of its life and is worth nothing at the end.

    Stops holding when it idles or stays below the peak, and when hosts, networks, electricity and interest are to be paid.
    """
    return price / (peak * lifetime)


@equation(source="mlsysim", where="counting")
def sustained_share(share: q.Efficiency, peak: q.Peak, power: q.MaxPower, reference: q.WorkPerJoule = 1e12) -> q.Efficiency:
    """Share of the peak that matrix products sustain on a device whose power limit sets the clock.

    Dynamic power grows with the clock and the square of the voltage, which falls with the clock: so the clock that a limit allows follows
    the cube root of the power for each operation at the peak. The share given is that of a device with the reference's arithmetic a joule.

    Holds when devices spend similar energy on an operation, and products are large enough to reach the limit.

    Stops holding when the clock is capped below what the power would allow, or when a generation halves the energy of an operation.
    """
    return min(1, share * (reference * power / peak) ** (1 / 3))


@equation(source="mlsysim", where="counting")
def products_time(first: q.ComputeTime, second: q.ComputeTime) -> q.ComputeTime:
    """Time of two kinds of arithmetic, such as matrix products and attention, one after the other.

    Holds when each kind runs at a share of the peak of its own.

    Stops holding when kernels of several kinds run side by side.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def joint_share(share: q.Efficiency, part: q.Efficiency) -> q.Efficiency:
    """Share of the peak that products of routed experts reach, of what large products do.

    Holds when small and uneven groups of tokens cost the same part everywhere.

    Stops holding when experts get so many tokens that their products are large themselves.
    """
    return share * part


@equation(source="mlsysim", where="counting")
def alternate_work(layers: q.RecomputedWork) -> q.RecomputedWork:
    """Arithmetic that is done again when every other layer, or every other product, is not stored.

    Holds when what is stored and what is computed again cost the same.

    Stops holding when the cheap half is computed again and the dear half stored.
    """
    return layers / 2


@equation(source="mlsysim", where="counting")
def alternate_activation_bytes(stored: q.ActivationBytes, checkpoint: q.ActivationBytes) -> q.ActivationBytes:
    """Activations that a layer keeps on average when every other one keeps its input alone.

    Holds when layers are alike.

    Stops holding when single operations, not layers, are chosen by what they cost to store.
    """
    return (stored + checkpoint) / 2


@equation(source="mlsysim", where="counting")
def wider_activation_bytes(half: q.ActivationBytes, element_size: q.ElementSize, counted: q.ElementSize = 2.0) -> q.ActivationBytes:
    """Activations of a layer at another precision than the two bytes an element for which they are counted.

    Holds when every stored element is as wide as the arithmetic.

    Stops holding when masks, statistics or norms are kept at a width of their own.
    """
    return half * (element_size / counted)


@equation(source="mlsysim", where="counting")
def expert_activation_bytes(
    tokens: q.Tokens,
    active_experts: q.ActiveExperts,
    hidden: q.Hidden,
    expert_width: q.ExpertWidth,
    matrices: q.Matrices,
    element_size: q.ElementSize,
    tensor_parallel: q.TensorParallel,
) -> q.ActivationBytes:
    """Activations that the routed experts of a layer keep: a copy of each token for each of its experts, there and back, and inner values.

    Holds when every copy is written out in the order of the experts.

    Stops holding when the copies are gathered inside the products, or tokens are dropped.
    """
    return tokens * active_experts * (2 * hidden + matrices * expert_width) * element_size / tensor_parallel


@equation(source="mlsysim", where="counting")
def routed_layers_mean(experts: q.ActivationBytes, layers: q.Layers, dense_layers: q.DenseLayers) -> q.ActivationBytes:
    """What experts keep, spread over all layers of a model of which some have none.

    Holds when stages hold routed and dense layers in the same proportion.

    Stops holding when all dense layers lie in the first stage.
    """
    return experts * (layers - dense_layers) / layers


@equation(source="mlsysim", where="counting")
def working_traffic(
    stored: q.ActivationBytes, layers: q.LayersHeld, microbatches: q.Microbatches, passes: q.ActivationPasses, sweeps: q.Sweeps
) -> q.Traffic:
    """Memory traffic of the operations between the matrix products of a training step on one device.

    Each pass over a layer moves a multiple of the activations that the layer stores, since norms, activation functions, residual sums and
    casts read and write them in turn.

    Holds when these operations run as kernels of their own and their data does not stay in the cache.

    Stops holding when a compiler fuses them into the products.
    """
    return passes * sweeps * stored * layers * microbatches


@equation(source="mlsysim", where="counting")
def logit_traffic(tokens: q.Tokens, vocabulary: q.Vocabulary, size: q.LogitBytes, devices: q.Devices) -> q.Traffic:
    """Memory traffic of the scores of the vocabulary and of the loss over them, forward and backward, on one device.

    Holds when the scores are written out and read again by the loss.

    Stops holding when a fused loss never writes them, or when the last stage of a pipeline carries all of it.
    """
    return tokens * vocabulary * size / devices


@equation(source="mlsysim", where="counting")
def joint_traffic(first: q.Traffic, second: q.Traffic) -> q.Traffic:
    """Memory traffic of two parts of a step.

    Holds when neither finds the other's data in the cache.

    Stops holding when they share data that stays there.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def joint_activation_bytes(first: q.ActivationBytes, second: q.ActivationBytes) -> q.ActivationBytes:
    """Activations of two parts of a layer.

    Holds when both are stored at the same time.

    Stops holding when one reuses the memory of the other.
    """
    return first + second


@equation(source="mlsysim", where="counting")
def depthwise_weighted_work(work: q.Work, depthwise: q.DepthwiseWork, cost: q.DepthwiseCost) -> q.Work:
    """Arithmetic of a network as if all of it were dense, where that of depthwise convolutions takes longer.

    Holds when one ratio of costs describes all depthwise layers, as on cores that issue an instruction at a time.

    Stops holding when depthwise layers wait for memory rather than for arithmetic.
    """
    return work + (cost - 1) * depthwise


@equation(source="mlsysim", where="counting")
def slowed_time(time: q.StepTime, slowdown: q.SoftwareSlowdown) -> q.StepTime:
    """Time of a step with a software stack other than the one that the constants hold for.

    Holds when the stack stretches everything alike.

    Stops holding when it is slow at one kind of layer only.
    """
    return time * slowdown


@equation(source="mlsysim", where="counting")
def power_at_work(power: q.MaxPower, activity: q.PowerActivity) -> q.MaxPower:
    """Power of a board that computes, from the run-mode power that the maker of its chip states.

    Holds when the maker measured a simple loop, and what the board adds grows with it.

    Stops holding when the maker states a limit, or the power of a whole board.
    """
    return power * activity


@equation(source="mlsysim", where="counting")
def clocked_power(clock: q.Clock, energy: q.CycleEnergy) -> q.MaxPower:
    """Power of a board that spends the same energy in every clock cycle.

    Holds when the core never waits in a sleeping mode.

    Stops holding when supply voltages differ, as energy grows with them.
    """
    return clock * energy
