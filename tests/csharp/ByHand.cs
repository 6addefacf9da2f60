using System;
using System.Linq;
using Scumble;

/// A host with threads of its own encodes, steps and decodes; the picture is the worker's, byte for byte.
static class ByHand
{
    public static void Run(Place place)
    {
        using (var context = Apple.Loaded(place))
        using (var prompt = context.CreatePrompt(new PromptOptions(Apple.Text) { ByHand = true }))
        using (var generation = prompt.CreateGeneration(new GenerationOptions { Steps = 4, Seed = 7 }))
        {
            int left;
            Check.That(!prompt.Poll() && !prompt.Wait(TimeSpan.Zero), "nobody encodes it");
            Check.That(!generation.TryStep(out left) && left == -1, "there is nothing to step yet");
            Check.Refused(Status.WrongState, "scumble_generation_start", generation.Start);
            Check.Refused(Status.NotReady, "scumble_prompt_get_info", () => prompt.GetInfo());
            Check.Refused(Status.NotReady, "scumble_prompt_blend", () => prompt.Blend(prompt, 0.5f));
            Check.That(prompt.TryEncode() && prompt.Poll(), "it is encoded");
            Check.Refused(Status.WrongState, "scumble_prompt_encode", () => prompt.TryEncode());

            for (int expected = 3; expected >= 0; expected--)
            {
                Check.That(generation.TryStep(out left), "a step is done");
                Check.Equal(expected, left);
                Check.Equal(expected > 0 ? Phase.Denoising : Phase.Decoding, generation.Poll().Phase);
            }
            Check.Refused(Status.WrongState, "scumble_generation_step", () => generation.TryStep(out left));
            Check.That(generation.TryDecode(), "it is decoded");
            Check.Equal(Phase.Done, generation.Poll().Phase);
            Check.Same(Apple.Paint(context), generation.ReadImage());

            Busy(context, prompt);
            Blends(context, prompt);
        }
    }

    /// While the worker computes, steps are refused and change nothing; in between they are taken.
    static void Busy(Context context, Prompt prompt)
    {
        using (var worker = prompt.CreateGeneration(new GenerationOptions { Steps = 20 }))
        using (var generation = prompt.CreateGeneration(new GenerationOptions { Steps = 4, Seed = 7 }))
        using (var another = context.CreatePrompt(new PromptOptions("a cat") { ByHand = true }))
        {
            worker.Start();
            int refused = 0;
            for (int left = 4; left > 0;)
            {
                int after;
                if (generation.TryStep(out after)) left = after;
                else refused++;
                Check.Equal(4 - left, generation.Poll().Evaluation);
            }
            while (!generation.TryDecode()) refused++;
            while (!another.TryEncode()) refused++;
            Check.That(refused > 0, "the worker was in the way");
            Check.Same(Apple.Paint(context), generation.ReadImage());
        }
    }

    static void Blends(Context context, Prompt apple)
    {
        using (var star = context.CreatePrompt("a green star"))
        {
            star.Wait();
            using (var first = apple.Blend(star, 0))
            using (var between = apple.Blend(star, 0.5f))
            {
                var pictures = new[] { apple, first, between }.Select(prompt =>
                {
                    using (var generation = prompt.CreateGeneration(new GenerationOptions { Steps = 4, Seed = 7 }))
                    {
                        generation.Start();
                        generation.Wait();
                        return generation.ReadImage();
                    }
                }).ToArray();
                Check.Same(pictures[0], pictures[1]);
                Check.That(!pictures[0].SequenceEqual(pictures[2]), "what lies between is another picture");
            }
            Check.Refused(Status.InvalidArgument, "factor is 2", () => apple.Blend(star, 2));
            Check.Throws<ArgumentNullException>(() => apple.Blend(null, 0));
        }
    }
}
