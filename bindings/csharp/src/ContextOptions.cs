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
        /// A folder within the parts of the model, such as "fp16" for <c>unet/fp16/model.onnx</c>. Null: what lies in the
        /// parts themselves, or else the most exact.
        /// </summary>
        public string Variant { get; set; }

        /// <summary>
        /// Directories of ControlNets or their ONNX files, besides <c>controlnet/</c> in the model directory: up to 16. They
        /// are numbered in this order; the model's own comes first. Null: none.
        /// </summary>
        public IList<string> ControlNetPaths { get; set; }

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
            if (ControlNetPaths != null)
            {
                var paths = new IntPtr[ControlNetPaths.Count];
                for (int i = 0; i < paths.Length; i++) paths[i] = pins.Text(ControlNetPaths[i], nameof(ControlNetPaths));
                desc.controlnetPaths = pins.Array(paths);
                desc.controlnetCount = (uint)paths.Length;
            }
            desc.priority = Priority;
            desc.weights = Weights;
            desc.seamless = Seamless;
            desc.memoryBudget = MemoryBudget;
        }
    }
}
