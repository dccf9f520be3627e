using FsCheck;
using FsCheck.Fluent;
using IotProperty.Edge.Drivers;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Drivers;

public sealed class GrowingPauseTests
{
    [Fact]
    public void Pauses_double_up_to_the_longest_and_begin_anew_after_a_reset() => Prop.ForAll<int>(seed =>
    {
        GrowingPause pause = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(10), new Random(seed));
        double[] expected = [250, 500, 1000, 2000, 4000, 8000, 10000, 10000];
        for (int round = 0; round < 2; round++)
        {
            foreach (double ms in expected)
            {
                double got = pause.Next().TotalMilliseconds;
                if (got < ms * 0.75 || got > ms * 1.25)
                {
                    return false;
                }
            }

            pause.Reset();
        }

        return true;
    }).Check(PropertyRun.Config);

    [Fact]
    public void Two_seeds_do_not_knock_in_step()
    {
        GrowingPause one = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), new Random(1));
        GrowingPause other = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), new Random(2));
        Assert.NotEqual(one.Next(), other.Next());
    }
}
