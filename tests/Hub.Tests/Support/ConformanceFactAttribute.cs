using IotProperty.Tests;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace IotProperty.Hub.Tests.Support;

/// <summary>On a class that runs a conformance suite: the programs that its implementation needs.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsPeersAttribute(params string[] programs) : Attribute
{
    public IReadOnlyList<string> Programs { get; } = programs;
}

/// <summary>A test of a suite that several classes inherit; skipped with a reason in a class whose <see cref="NeedsPeersAttribute"/> is not met, unless CI demands it.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("IotProperty.Hub.Tests.Support.ConformanceFactDiscoverer", "Hub.Tests")]
public sealed class ConformanceFactAttribute : FactAttribute;

/// <summary>As <see cref="ConformanceFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("IotProperty.Hub.Tests.Support.ConformanceTheoryDiscoverer", "Hub.Tests")]
public sealed class ConformanceTheoryAttribute : TheoryAttribute;

/// <summary>Named by <see cref="ConformanceFactAttribute"/>.</summary>
public sealed class ConformanceFactDiscoverer(IMessageSink messages) : FactDiscoverer(messages)
{
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        MissingPeers.Skip(DiagnosticMessageSink, discoveryOptions, testMethod) ?? base.Discover(discoveryOptions, testMethod, factAttribute);
}

/// <summary>Named by <see cref="ConformanceTheoryAttribute"/>.</summary>
public sealed class ConformanceTheoryDiscoverer(IMessageSink messages) : TheoryDiscoverer(messages)
{
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        MissingPeers.Skip(DiagnosticMessageSink, discoveryOptions, testMethod) ?? base.Discover(discoveryOptions, testMethod, theoryAttribute);
}

internal static class MissingPeers
{
    /// <summary>One skipped case with the reason; null when nothing is missing or CI demands that the test runs and fails.</summary>
    public static IEnumerable<IXunitTestCase>? Skip(IMessageSink messages, ITestFrameworkDiscoveryOptions options, ITestMethod method)
    {
        string[] missing = [.. method.TestClass.Class.GetCustomAttributes(typeof(NeedsPeersAttribute))
            .SelectMany(needs => needs.GetNamedArgument<IReadOnlyList<string>>(nameof(NeedsPeersAttribute.Programs)))
            .Where(program => Peers.Find(program) is null)];
        return missing.Length == 0 || Peers.Required
            ? null
            : [new XunitSkippedDataRowTestCase(
                messages,
                options.MethodDisplayOrDefault(),
                options.MethodDisplayOptionsOrDefault(),
                method,
                $"not installed: {string.Join(", ", missing)}")];
    }
}
