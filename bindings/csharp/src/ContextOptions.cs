using System;
using System.Collections.Generic;

namespace Scumble
{
    /// <summary>What a context is created from. Only <see cref="ModelPath"/> must be set.</summary>
    public sealed class ContextOptions
    {
        /// <summary>Options with the library's defaults.</summary>
        public ContextOptions()
        {
        }

        /// <summary>Options with the library's defaults for the model in this directory.</summary>
        public ContextOptions(string modelPath)
        {
            ModelPath = modelPath;
        }

        /// <summary>
        /// Directory of the model: <c>text_encoder/</c>, <c>unet/</c>, <c>vae_decoder/</c>, <c>tokenizer/</c> and what else
        /// diffusers' ONNX exporter and optimum write. A path in the file system, not one within an archive.
        /// </summary>
        public string ModelPath { get; set; }

        /// <summary>
        /// Where to run: <see cref="DeviceInfo.Device"/>, such as "cpu" or "cuda:0". Nothing else is taken in the place of one
        /// that is not there. Null, or "auto": the first usable one of CUDA, DirectML and WebGPU that is a GPU, else the CPU.
        /// The others have to be named.
        /// </summary>
        public string Device { get; set; }

        /// <summary>
        /// Settings of the device's provider, by the names that ONNX Runtime gives them: "key=value; key=value". Null:
        /// Scumble's for CUDA, ONNX Runtime's for the others.
        /// </summary>
        public string DeviceOptions { get; set; }

        /// <summary>
        /// Which of several ONNX files of a part to take: "fp16" is <c>unet/fp16/model.onnx</c> or
        /// <c>unet/model_fp16.onnx</c>; a name that ends with <c>.onnx</c> is a file of that name. A part without it is taken
        /// as by default. Null: <c>model.onnx</c> of each part, or else that of its folder <c>fp32</c> or <c>fp16</c>.
        /// </summary>
        public string Variant { get; set; }

        /// <summary>
        /// Directories of ControlNets or their ONNX files, besides <c>controlnet/</c> in the model directory: up to 16. They
        /// are numbered in this order; the model's own comes first. Null: none.
        /// </summary>
        public IList<string> ControlNetPaths { get; set; }

        /// <summary>
        /// Further folders that links in the model directory, or in a ControlNet's, may lead into: up to 16. Null: a link that
        /// leads out of the directory is refused with <see cref="Status.ModelInvalid"/>, but for those of Hugging Face's
        /// cache.
        /// </summary>
        public IList<string> ModelRoots { get; set; }

        /// <summary>
        /// Threads that compute, the context's own one counted: 1 to 256. Null: half of the machine's. They sleep when there
        /// is nothing to do.
        /// </summary>
        public int? Threads { get; set; }

        /// <summary>How urgent its threads are: see <see cref="Context.SetPriority"/>.</summary>
        public Priority Priority { get; set; }

        /// <summary>How the model's weights are kept in memory.</summary>
        public Weights Weights { get; set; }

        /// <summary>
        /// Which edges of its pictures match, so that they tile as textures. Loading fails with
        /// <see cref="Status.ModelUnsupported"/> where the model's graphs cannot be changed so.
        /// </summary>
        public Seamless Seamless { get; set; }

        /// <summary>
        /// The most memory that the context may take, in bytes; 0: no limit. What does not fit at once is loaded when its
        /// turn comes, and pictures are decoded in tiles. What does not fit even so is refused with
        /// <see cref="Status.OutOfMemory"/>, when the context is loaded or when a generation of that size is created.
        /// </summary>
        public ulong MemoryBudget { get; set; }

        /// <summary>How the async methods let time pass between two polls. Null: every 5 ms.</summary>
        public Polling Polling { get; set; }

        internal void Fill(ref ContextDesc desc, Pins pins)
        {
            if (Threads.HasValue) desc.threads = Threads.Value;
            desc.modelPath = pins.Text(ModelPath, nameof(ModelPath));
            desc.device = pins.Text(Device, nameof(Device));
            desc.deviceOptions = pins.Text(DeviceOptions, nameof(DeviceOptions));
            desc.variant = pins.Text(Variant, nameof(Variant));
            desc.controlnetPaths = pins.Texts(ControlNetPaths, nameof(ControlNetPaths), out desc.controlnetCount);
            desc.modelRoots = pins.Texts(ModelRoots, nameof(ModelRoots), out desc.modelRootCount);
            desc.priority = Priority;
            desc.weights = Weights;
            desc.seamless = Seamless;
            desc.memoryBudget = MemoryBudget;
        }
    }
}
