using System.Runtime.CompilerServices;
using UnityEngine.Scripting;

// IL2CPP's stripping removes what no code reaches; the layout of the native structures is not to change.
[assembly: Preserve]
[assembly: InternalsVisibleTo("Scumble.Editor")]
