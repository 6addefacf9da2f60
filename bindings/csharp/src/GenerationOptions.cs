using System;
using System.Collections.Generic;

namespace Scumble
{
    /// <summary>What a generation is created from. What is null is left to the model.</summary>
    public sealed class GenerationOptions
    {
        /// <summary>Width in pixels: a multiple of <see cref="ContextInfo.SizeMultiple"/>, at most 8192.</summary>
        public int? Width { get; set; }

        /// <summary>Height in pixels: likewise.</summary>
        public int? Height { get; set; }

        /// <summary>Steps of the scheduler: 1 to <see cref="ContextInfo.MaxSteps"/>.</summary>
        public int? Steps { get; set; }

        /// <summary>
        /// How strongly the prompt counts against the negative text: 0 to 1000. Up to 1 the negative text does not count, and
        /// a step costs half.
        /// </summary>
        public float? GuidanceScale { get; set; }

        /// <summary>
        /// How much of the contrast that guidance adds is taken back: 0 to 1. 0.7 suits models of zero terminal SNR.
        /// </summary>
        public float GuidanceRescale { get; set; }

        /// <summary>
        /// Seed of the noise, any number. The same seed gives the same image; only its low 32 bits count, as in torch. Null:
        /// drawn at random; <see cref="GenerationInfo.Seed"/> tells which.
        /// </summary>
        public ulong? Seed { get; set; }

        /// <summary>
        /// Scheduler, as people type it: "euler_a", "DPM++ 2M Karras". One of ddim, ddpm, pndm, plms, lms, euler, euler_a,
        /// heun, dpm2, dpm2_a, dpm_2m, dpm_2m_sde, dpm_2s, dpmpp_2m, dpmpp_2m_sde, dpmpp_2m_sde_heun, dpmpp_3m,
        /// dpmpp_3m_sde, dpmpp_2s, dpmpp_2s_sde, dpmpp_2s_a, dpmpp_sde, unipc, deis, ipndm, lcm, tcd, or what other
        /// programs call them.
        /// </summary>
        public string Scheduler { get; set; }

        /// <summary>
        /// Spacing of sigmas or timesteps: karras, exponential, beta, sgm_uniform, simple, ays, leading, linspace or trailing.
        /// ddim, ddpm, pndm and plms have the last three, lcm and tcd none.
        /// </summary>
        public string Sigmas { get; set; }

        /// <summary>
        /// Timesteps to visit in place of a spacing, falling strictly from noisy to clean. They are the steps: leave
        /// <see cref="Steps"/> null. Null: the spacing decides.
        /// </summary>
        public int[] Timesteps { get; set; }

        /// <summary>
        /// Noise levels (sigmas) to visit in place of a spacing, falling strictly; one a step and, last, the one that the last
        /// step ends at. Taken by euler, ipndm and dpmpp_2s_a. Null: the spacing decides.
        /// </summary>
        public float[] SigmaValues { get; set; }

        /// <summary>How much of each step of ddim or tcd is new noise: 0 to 1. Null: 0.</summary>
        public float? Eta { get; set; }

        /// <summary>A preview after every so many UNet evaluations; 0: none.</summary>
        public int PreviewEvery { get; set; }

        /// <summary>Width of previews in pixels, 1 to 8192. Null: the picture's.</summary>
        public int? PreviewWidth { get; set; }

        /// <summary>Height of previews: likewise.</summary>
        public int? PreviewHeight { get; set; }

        /// <summary>What makes previews. The picture is the same with each.</summary>
        public PreviewSource PreviewSource { get; set; }

        /// <summary>
        /// A picture to start from; one of another size is scaled evenly until it covers the generation's, and cut off on both
        /// sides alike. Needs <see cref="Features.Pictures"/>.
        /// </summary>
        public Picture Picture { get; set; }

        /// <summary>
        /// What of <see cref="Picture"/> to generate anew: white all of it, black or transparent nothing, grey less than
        /// white. What is black stays the picture to the bit, but for <see cref="MaskFeather"/>. Of the picture's size. Null:
        /// all of it.
        /// </summary>
        public Picture Mask { get; set; }

        /// <summary>
        /// How far to depart from <see cref="Picture"/>: 0 to 1, the share of the steps that is done. Null: 0.8, or 1 with a
        /// mask.
        /// </summary>
        public float? Strength { get; set; }

        /// <summary>
        /// Across so many pixels around what <see cref="Mask"/> selects, the generated image fades into the picture: 0 to
        /// 1024. Null: 4.
        /// </summary>
        public int? MaskFeather { get; set; }

        /// <summary>
        /// Whether the mask is the alpha of <see cref="Mask"/>, whose opaque pixels are generated anew; without a mask, that of
        /// <see cref="Picture"/>, whose transparent pixels are.
        /// </summary>
        public bool MaskFromAlpha { get; set; }

        /// <summary>
        /// Whether the mask counts as in diffusers: cut at half, of each latent one pixel, and nothing laid over the picture.
        /// </summary>
        public bool MaskAsDiffusers { get; set; }

        /// <summary>What shows where pictures are transparent: 0xRRGGBB. White unless it is set.</summary>
        public uint Background { get; set; } = 0xFFFFFF;

        /// <summary>
        /// Noise to start from in place of what the seed gives: <see cref="GenerationInfo.LatentCount"/> normal numbers. With
        /// <see cref="Strength"/> and no <see cref="Picture"/>, the latents of an image to start from. Null: none.
        /// </summary>
        public float[] Latents { get; set; }

        /// <summary>Whether the latents of the finished image can be read (<see cref="Generation.ReadLatents()"/>).</summary>
        public bool KeepLatents { get; set; }

        /// <summary>Whether the finished image is kept as floats too, for <see cref="PixelFormat.Rgba32F"/>.</summary>
        public bool KeepFloats { get; set; }

        /// <summary>Inputs of ControlNets: up to 16. Null: none.</summary>
        public IList<ControlNetInput> Controls { get; set; }

        internal void Fill(ref GenerationDesc desc, Pins pins)
        {
            if (Width.HasValue) desc.width = Width.Value;
            if (Height.HasValue) desc.height = Height.Value;
            if (Steps.HasValue) desc.steps = Steps.Value;
            if (GuidanceScale.HasValue) desc.guidanceScale = GuidanceScale.Value;
            desc.guidanceRescale = GuidanceRescale;
            if (Seed.HasValue) desc.seed = Seed.Value;
            desc.scheduler = pins.Text(Scheduler, nameof(Scheduler));
            desc.sigmas = pins.Text(Sigmas, nameof(Sigmas));
            desc.timesteps = pins.Array(Timesteps);
            desc.timestepCount = Timesteps == null ? 0 : (uint)Timesteps.Length;
            desc.sigmaValues = pins.Array(SigmaValues);
            desc.sigmaValueCount = SigmaValues == null ? 0 : (uint)SigmaValues.Length;
            if (Eta.HasValue) desc.eta = Eta.Value;
            desc.previewEvery = PreviewEvery;
            if (PreviewWidth.HasValue) desc.previewWidth = PreviewWidth.Value;
            if (PreviewHeight.HasValue) desc.previewHeight = PreviewHeight.Value;
            desc.previewSource = PreviewSource;
            desc.picture = Picture.Describe(Picture, pins);
            desc.mask = Picture.Describe(Mask, pins);
            if (Strength.HasValue) desc.strength = Strength.Value;
            if (MaskFeather.HasValue) desc.maskFeather = MaskFeather.Value;
            desc.background = Background;
            desc.flags = (MaskFromAlpha ? NativeMethods.GenerationMaskFromAlpha : 0)
                | (MaskAsDiffusers ? NativeMethods.GenerationMaskAsDiffusers : 0)
                | (KeepLatents ? NativeMethods.GenerationKeepLatents : 0)
                | (KeepFloats ? NativeMethods.GenerationKeepFloats : 0);
            desc.latents = pins.Array(Latents);
            desc.latentsCount = Latents == null ? 0 : (ulong)Latents.LongLength;
            if (Controls != null)
            {
                var controls = new IntPtr[Controls.Count];
                for (int i = 0; i < controls.Length; i++)
                {
                    if (Controls[i] == null) throw new ArgumentNullException(nameof(Controls) + "[" + i + "]");
                    controls[i] = Controls[i].Describe(pins);
                }
                desc.controls = pins.Array(controls);
                desc.controlCount = (uint)controls.Length;
            }
        }
    }
}
