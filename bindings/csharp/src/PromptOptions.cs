namespace Scumble
{
    /// <summary>What a prompt is created from. Only <see cref="Text"/> must be set.</summary>
    public sealed class PromptOptions
    {
        /// <summary>Options with the library's defaults.</summary>
        public PromptOptions()
        {
        }

        /// <summary>Options with the library's defaults for these texts.</summary>
        public PromptOptions(string text, string negativeText = null)
        {
            Text = text;
            NegativeText = negativeText;
        }

        /// <summary>What the picture shall show: at most 64 KiB of UTF-8. "" is allowed.</summary>
        public string Text { get; set; }

        /// <summary>
        /// What it shall not show. Null: the same as "", but for SDXL models that were trained to tell none from an empty one.
        /// </summary>
        public string NegativeText { get; set; }

        /// <summary>Whether the caller encodes it, by <see cref="Prompt.TryEncode"/>.</summary>
        public bool ByHand { get; set; }

        /// <summary>
        /// How many layers of the text encoder to leave out at the end, for <see cref="Text"/> alone: counted as diffusers
        /// does, one less than the number that web interfaces show. Needs <see cref="Features.ClipSkip"/>.
        /// </summary>
        public int ClipSkip { get; set; }

        /// <summary>How both texts are read.</summary>
        public PromptSyntax Syntax { get; set; }

        internal void Fill(ref PromptDesc desc, Pins pins)
        {
            if (ByHand) desc.flags |= NativeMethods.PromptByHand;
            desc.text = pins.Text(Text, nameof(Text));
            desc.negativeText = pins.Text(NegativeText, nameof(NegativeText));
            desc.clipSkip = ClipSkip;
            desc.syntax = Syntax;
        }
    }
}
