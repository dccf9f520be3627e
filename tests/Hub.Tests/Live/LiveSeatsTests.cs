using System.Security.Claims;
using IotProperty.Hub.Live;

namespace IotProperty.Hub.Tests.Live;

public class LiveSeatsTests
{
    [Fact]
    public void One_person_cannot_take_all_live_streams_and_a_closed_one_gives_its_seat_back_once()
    {
        LiveSeats seats = new();
        ClaimsPrincipal busy = Person("1");
        List<IDisposable> taken = [.. Enumerable.Range(0, LiveSeats.MaxOfPerson).Select(_ => seats.TryTake(busy)!)];
        Assert.DoesNotContain(null, taken);
        Assert.Null(seats.TryTake(busy));
        Assert.NotNull(seats.TryTake(Person("2")));

        taken[0].Dispose();
        taken[0].Dispose();
        Assert.NotNull(seats.TryTake(busy));
        Assert.Null(seats.TryTake(busy));
    }

    private static ClaimsPrincipal Person(string id) => new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id)], "test"));
}
