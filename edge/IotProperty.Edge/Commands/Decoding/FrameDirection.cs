namespace IotProperty.Edge.Commands.Decoding;

/// <summary>Who sent a frame, where its bytes alone do not tell.</summary>
internal enum FrameDirection : byte
{
    /// <summary>The master.</summary>
    Request,

    /// <summary>The device.</summary>
    Response,
}
