using System.Runtime.CompilerServices;
using UnityEngine.Scripting;

// Builds are stripped of what no code reaches; scenes call methods by their names.
[assembly: Preserve]
[assembly: InternalsVisibleTo("Scumble.Editor")]
