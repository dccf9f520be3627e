using System.Threading.Channels;
using IotProperty.Edge.Control;

namespace IotProperty.Edge.Tests.Doubles;

/// <summary>Shows which commands came.</summary>
internal sealed class RecordingCommands : ICommandSink
{
    private readonly Channel<(string Id, byte[] Payload)> _came = Channel.CreateUnbounded<(string, byte[])>();

    public void Post(string id, ReadOnlyMemory<byte> payload) => Assert.True(_came.Writer.TryWrite((id, payload.ToArray())));

    public async Task<(string Id, byte[] Payload)> NextAsync() => await _came.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
}
