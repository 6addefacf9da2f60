using System;

namespace Scumble
{
    /// <summary>A picture that guides the shape of what is painted.</summary>
    public sealed class ControlNetInput
    {
        /// <summary>An input that counts as strongly as it was trained, in all of the run.</summary>
        /// <param name="picture">Edges, depth, a pose: what the ControlNet was trained on.</param>
        /// <param name="controlNet">Which ControlNet of the context: 0 is the first.</param>
        public ControlNetInput(Picture picture, int controlNet = 0)
        {
            Picture = picture;
            ControlNet = controlNet;
            Scale = 1;
            End = 1;
        }

        /// <summary>
        /// Edges, depth, a pose: what the ControlNet was trained on. One of another size is scaled evenly until it covers the
        /// generation's, and cut off on both sides alike.
        /// </summary>
        public Picture Picture { get; set; }

        /// <summary>Which ControlNet of the context: 0 is the first.</summary>
        public int ControlNet { get; set; }

        /// <summary>How strongly it counts: 0 to 10, 1 as it was trained.</summary>
        public float Scale { get; set; }

        /// <summary>When it begins to count: a share of the run, 0 for all of it.</summary>
        public float Start { get; set; }

        /// <summary>When it ends to count: more than <see cref="Start"/>, up to 1.</summary>
        public float End { get; set; }

        internal unsafe IntPtr Describe(Pins pins)
        {
            return pins.Array(new[]
            {
                new ControlDesc
                {
                    structSize = (uint)sizeof(ControlDesc),
                    controlnet = ControlNet,
                    scale = Scale,
                    start = Start,
                    end = End,
                    picture = Picture.Describe(Picture, pins),
                },
            });
        }
    }
}
