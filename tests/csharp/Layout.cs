using System;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using Scumble;

/// Prints the binding's idea of scumble.h: structures, numbers and functions. By reflection, which the binding itself
/// does without.
static class Layout
{
    const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    public static void Print()
    {
        var types = typeof(Library).Assembly.GetTypes();
        foreach (var type in types.Where(type => type.GetField("structSize", All) != null))
        {
            Console.WriteLine("struct {0} {1}", type.Name, Marshal.SizeOf(type));
            foreach (var field in type.GetFields(All).Where(field => !field.IsStatic))
            {
                var size = field.FieldType.IsEnum ? 4 : Marshal.SizeOf(field.FieldType);
                Console.WriteLine("field {0}.{1} {2} {3}", type.Name, field.Name,
                    Marshal.OffsetOf(type, field.Name), size);
            }
        }
        foreach (var type in types.Where(type => type.IsEnum))
        {
            foreach (var name in Enum.GetNames(type))
            {
                Console.WriteLine("number {0}.{1} {2}", type.Name, name, Convert.ToInt64(Enum.Parse(type, name)));
            }
        }
        var native = types.Single(type => type.Name == "NativeMethods");
        foreach (var constant in native.GetFields(All).Where(field => field.FieldType == typeof(uint)))
        {
            Console.WriteLine("number NativeMethods.{0} {1}", constant.Name, constant.GetRawConstantValue());
        }
        foreach (var method in native.GetMethods(All).Where(method => method.DeclaringType == native))
        {
            var parameters = method.GetParameters().Select(parameter => Kind(parameter.ParameterType));
            Console.WriteLine("function {0} {1} {2}", method.Name, Kind(method.ReturnType), string.Join(" ", parameters));
        }
    }

    /// What goes over in place of a value. Whatever had to be marshalled has none.
    static string Kind(Type type)
    {
        if (type.IsPointer || type == typeof(IntPtr) || typeof(SafeHandle).IsAssignableFrom(type)) return "pointer";
        if (type.IsEnum) type = Enum.GetUnderlyingType(type);
        if (type == typeof(int)) return "int32_t";
        if (type == typeof(uint)) return "uint32_t";
        if (type == typeof(ulong)) return "uint64_t";
        if (type == typeof(float)) return "float";
        if (type == typeof(UIntPtr)) return "size_t";
        throw new Exception(type + " is marshalled");
    }
}
