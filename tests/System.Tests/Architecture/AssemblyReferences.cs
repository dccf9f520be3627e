using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace IotProperty.SystemTests.Architecture;

/// <summary>What a compiled assembly really refers to, read from its metadata: assemblies, and the namespaces of the types it names.</summary>
internal sealed record AssemblyReferences(string Name, IReadOnlySet<string> Assemblies, IReadOnlySet<ReferencedNamespace> Namespaces)
{
    public static AssemblyReferences Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        using PEReader image = new(file);
        MetadataReader metadata = image.GetMetadataReader();

        HashSet<string> assemblies = [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
        HashSet<ReferencedNamespace> namespaces = [];
        foreach (TypeReferenceHandle handle in metadata.TypeReferences)
        {
            TypeReference type = metadata.GetTypeReference(handle);
            if (type.ResolutionScope.Kind == HandleKind.AssemblyReference)
            {
                var owner = metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope);
                namespaces.Add(new ReferencedNamespace(metadata.GetString(owner.Name), metadata.GetString(type.Namespace)));
            }
        }

        return new AssemblyReferences(metadata.GetString(metadata.GetAssemblyDefinition().Name), assemblies, namespaces);
    }
}

/// <param name="Assembly">The assembly that defines the type.</param>
/// <param name="Namespace">The namespace of a type that is referred to; nested types stand under their outermost type.</param>
internal readonly record struct ReferencedNamespace(string Assembly, string Namespace);
