using FsCheck;
using FsCheck.Fluent;
using IotProperty.Tests;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

public sealed class EchoFilterTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly byte[] Request = [1, 3, 0, 0, 0, 2, 0xC4, 0x0B];

    private readonly ScriptedPacedChannel _wire = new();
    private readonly EchoFilter _filter;

    private readonly List<string> _told = [];

    public EchoFilterTests() => _filter = new EchoFilter(_wire, _told.Add);

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync() => await _filter.DisposeAsync();

    [Fact]
    public async Task The_echo_is_dropped_and_the_answer_behind_it_is_read()
    {
        await _filter.WriteAfterSilenceAsync(Request, TimeSpan.Zero, default);
        _wire.Arrive([.. Request, 9, 8]);
        Assert.Equal([9, 8], await ReadAllAsync());
        Assert.Equal(Request, Assert.Single(_wire.Written));
        Assert.Equal((0, 0), (_filter.Collisions, _filter.MissingEchoes));
    }

    [Fact]
    public async Task An_answer_that_equals_the_request_is_read_once()
    {
        await _filter.WriteAsync(Request, default);
        _wire.Arrive([.. Request, .. Request]);
        Assert.Equal(Request, await ReadAllAsync());
        _wire.Arrive(Request);
        Assert.Equal(Request, await ReadAllAsync());
    }

    [Fact]
    public async Task A_differing_byte_is_a_collision_and_nothing_that_was_heard_is_lost()
    {
        await _filter.WriteAsync(Request, default);
        _wire.Arrive(1, 3);
        _wire.Arrive(0, 0x40, 0, 2);
        Assert.Equal([1, 3, 0, 0x40, 0, 2], await ReadAllAsync());
        Assert.Equal(1, _filter.Collisions);
        Assert.Equal("byte 4 of 8 was sent as 00 and heard as 40", _filter.LastCollision);
        Assert.Equal([_filter.LastCollision], _told);
    }

    [Fact]
    public async Task An_adapter_without_echo_still_delivers_its_answers()
    {
        await _filter.WriteAsync(Request, default);
        _wire.Arrive(1, 3, 4, 0, 1, 0, 2, 9, 9);
        Assert.Equal([1, 3, 4, 0, 1, 0, 2, 9, 9], await ReadAllAsync());
        await _filter.WriteAsync(Request, default);
        await _filter.WriteAsync(Request, default);
        Assert.Equal(1, _filter.MissingEchoes);
    }

    [Fact]
    public async Task Bytes_that_had_arrived_before_the_request_are_no_echo()
    {
        _wire.Arrive(7, 7);
        await _filter.WriteAsync(Request, default);
        _wire.Arrive([.. Request, 5]);
        Assert.Equal([7, 7, 5], await ReadAllAsync());
        Assert.Equal(0, _filter.Collisions);
    }

    [Fact]
    public void However_the_bytes_are_cut_exactly_the_echo_is_missing()
    {
        var cases =
            from request in Gen.ArrayOf(Gen.Choose(0, 2).Select(b => (byte)b)).Where(r => r.Length > 0)
            from answer in Gen.ArrayOf(Gen.Choose(0, 2).Select(b => (byte)b))
            from pieces in Gen.ArrayOf(Gen.Choose(1, 7))
            select (request, answer, pieces);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            ScriptedPacedChannel wire = new();
            EchoFilter filter = new(wire);
            filter.WriteAsync(c.request, default).AsTask().Wait();
            byte[] all = [.. c.request, .. c.answer];
            int at = 0;
            foreach (int size in c.pieces.Append(all.Length))
            {
                byte[] piece = all[at..Math.Min(all.Length, at + size)];
                at += piece.Length;
                if (piece.Length > 0)
                {
                    wire.Arrive(piece);
                }
            }

            return ReadAllAsync(filter, 3).Result.SequenceEqual(c.answer) && filter.Collisions == 0;
        }).Check(PropertyRun.Config);
    }

    private Task<byte[]> ReadAllAsync() => ReadAllAsync(_filter, 64);

    private static async Task<byte[]> ReadAllAsync(EchoFilter filter, int room)
    {
        List<byte> all = [];
        byte[] buffer = new byte[room];
        while (await filter.ReadAsync(buffer, default) is > 0 and int count)
        {
            all.AddRange(buffer[..count]);
        }

        return [.. all];
    }
}
