using System.Diagnostics;
using System.Reflection;

namespace IotProperty.Tests;

/// <summary>
/// A test of what asynchronous code allocates: in a debug build the compiler makes each state machine an object, so only an optimised build can be judged. Skipped with
/// a reason otherwise; tests/run.sh builds for release.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OptimizedFactAttribute : FactAttribute
{
    public OptimizedFactAttribute()
    {
        if (typeof(OptimizedFactAttribute).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
        {
            Skip = "this is a debug build";
        }
    }
}
