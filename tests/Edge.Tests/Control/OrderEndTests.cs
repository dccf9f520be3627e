using IotProperty.Edge.Drivers;
using IotProperty.Protocols.Modbus;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Control;

/// <summary>What is told of an order: never that it was done when it was not, nor that it surely was not when it may have been.</summary>
public class OrderEndTests
{
    [Theory]
    [InlineData(CommandReason.ClockNotSynchronised, CommandOutcome.Refused)]
    [InlineData(CommandReason.ClocksDisagree, CommandOutcome.Refused)]
    [InlineData(CommandReason.Late, CommandOutcome.Expired)]
    [InlineData(CommandReason.NoTimeLeft, CommandOutcome.Expired)]
    [InlineData(CommandReason.NotAllowed, CommandOutcome.Refused)]
    [InlineData(CommandReason.NotSwitchable, CommandOutcome.Refused)]
    [InlineData(CommandReason.NoPassword, CommandOutcome.Refused)]
    [InlineData(CommandReason.Busy, CommandOutcome.Refused)]
    [InlineData(CommandReason.EdgeStopped, CommandOutcome.Refused)]
    [InlineData(CommandReason.DeviceUnreadable, CommandOutcome.Refused)]
    public void What_was_not_sent_is_refused_or_expired(CommandReason reason, CommandOutcome outcome)
    {
        OrderEnd end = OrderEnd.NotSent(reason, "why");
        Assert.Equal((false, outcome), (end.IsDone, end.Outcome));
    }

    [Theory]
    [InlineData(CommandReason.EdgeStopped)]
    [InlineData(CommandReason.DeviceRefused)]
    [InlineData(CommandReason.NotConfirmed)]
    [InlineData(CommandReason.NotInPosition)]
    public void What_was_sent_and_not_seen_to_be_done_has_failed(CommandReason reason)
    {
        OrderEnd end = OrderEnd.Failed(reason, "why");
        Assert.Equal((false, CommandOutcome.Failed), (end.IsDone, end.Outcome));
    }

    [Fact]
    public void Only_what_is_done_has_no_reason()
    {
        Assert.Equal((true, CommandOutcome.Done), (OrderEnd.Done("seen").IsDone, OrderEnd.Done("seen").Outcome));
        Assert.Throws<ArgumentOutOfRangeException>(() => OrderEnd.Failed(CommandReason.None, "why"));
        Assert.Throws<ArgumentOutOfRangeException>(() => OrderEnd.NotSent(CommandReason.None, "why"));
        Assert.False(default(OrderEnd).IsDone);
    }

    /// <summary>MODBUS Application Protocol V1.1b3, §7: a gateway's 10 and 11 are no word of the device, 4 is a failure on the way and 5 a promise.</summary>
    [Theory]
    [InlineData(ModbusExceptionCode.IllegalFunction, true)]
    [InlineData(ModbusExceptionCode.IllegalDataAddress, true)]
    [InlineData(ModbusExceptionCode.IllegalDataValue, true)]
    [InlineData(ModbusExceptionCode.ServerDeviceFailure, false)]
    [InlineData(ModbusExceptionCode.Acknowledge, false)]
    [InlineData(ModbusExceptionCode.ServerDeviceBusy, true)]
    [InlineData(ModbusExceptionCode.GatewayPathUnavailable, false)]
    [InlineData(ModbusExceptionCode.GatewayTargetFailedToRespond, false)]
    public void A_device_has_refused_only_by_its_own_clear_word(ModbusExceptionCode exception, bool refused) =>
        Assert.Equal(refused, DriverReply.OfException(exception, "").IsRefusal);

    [Theory]
    [InlineData(DriverOutcome.Ok)]
    [InlineData(DriverOutcome.TimedOut)]
    [InlineData(DriverOutcome.LineDown)]
    [InlineData(DriverOutcome.Malformed)]
    public void What_is_no_answer_is_no_refusal(DriverOutcome outcome) => Assert.False(new DriverReply(outcome, ModbusExceptionCode.None, "").IsRefusal);
}
