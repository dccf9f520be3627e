namespace IotProperty.Protocols.Mqtt;

internal static class MqttPropertiesWriter
{
    /// <summary>
    /// Writes the property length and the properties; in MQTT 3.1.1 nothing, for it has neither. Throws when one may not stand in this packet: that is misuse by our own side.
    /// </summary>
    public static void Write(ref MqttFieldWriter writer, MqttProperties properties, MqttPropertySet allowed)
    {
        bool none = ReferenceEquals(properties, MqttProperties.None);
        if (writer.Version == MqttVersion.V311)
        {
            Refuse(!none, allowed.Place, "with properties");
            return;
        }

        if (none)
        {
            writer.VariableByteInteger(0);
            return;
        }

        var counter = MqttFieldWriter.Counting(writer.Version);
        WriteAll(ref counter, properties, allowed);
        writer.VariableByteInteger(counter.Count);
        WriteAll(ref writer, properties, allowed);
    }

    /// <summary>Throws for what MQTT 3.1.1 cannot express: leaving it out silently would change what the packet says.</summary>
    public static void Refuse(bool isThere, string packet, string what)
    {
        if (isThere)
        {
            throw new ArgumentException($"MQTT 3.1.1 knows no {packet} {what}");
        }
    }

    private static void WriteAll(ref MqttFieldWriter writer, MqttProperties properties, MqttPropertySet allowed)
    {
        One(ref writer, MqttPropertyId.PayloadFormatIndicator, properties.PayloadFormatIndicator, allowed);
        Four(ref writer, MqttPropertyId.MessageExpiryInterval, properties.MessageExpiryIntervalSeconds, allowed);
        Text(ref writer, MqttPropertyId.ContentType, properties.ContentType, allowed);
        Text(ref writer, MqttPropertyId.ResponseTopic, properties.ResponseTopic, allowed);
        Binary(ref writer, MqttPropertyId.CorrelationData, properties.CorrelationData, allowed);
        foreach (int identifier in properties.SubscriptionIdentifiers)
        {
            Identifier(ref writer, MqttPropertyId.SubscriptionIdentifier, allowed);
            writer.VariableByteInteger(identifier);
        }

        Four(ref writer, MqttPropertyId.SessionExpiryInterval, properties.SessionExpiryIntervalSeconds, allowed);
        Text(ref writer, MqttPropertyId.AssignedClientIdentifier, properties.AssignedClientIdentifier, allowed);
        Two(ref writer, MqttPropertyId.ServerKeepAlive, properties.ServerKeepAliveSeconds, allowed);
        Text(ref writer, MqttPropertyId.AuthenticationMethod, properties.AuthenticationMethod, allowed);
        Binary(ref writer, MqttPropertyId.AuthenticationData, properties.AuthenticationData, allowed);
        Flag(ref writer, MqttPropertyId.RequestProblemInformation, properties.RequestProblemInformation, allowed);
        Four(ref writer, MqttPropertyId.WillDelayInterval, properties.WillDelayIntervalSeconds, allowed);
        Flag(ref writer, MqttPropertyId.RequestResponseInformation, properties.RequestResponseInformation, allowed);
        Text(ref writer, MqttPropertyId.ResponseInformation, properties.ResponseInformation, allowed);
        Text(ref writer, MqttPropertyId.ServerReference, properties.ServerReference, allowed);
        Text(ref writer, MqttPropertyId.ReasonString, properties.ReasonString, allowed);
        Two(ref writer, MqttPropertyId.ReceiveMaximum, properties.ReceiveMaximum, allowed);
        Two(ref writer, MqttPropertyId.TopicAliasMaximum, properties.TopicAliasMaximum, allowed);
        Two(ref writer, MqttPropertyId.TopicAlias, properties.TopicAlias, allowed);
        One(ref writer, MqttPropertyId.MaximumQos, (byte?)properties.MaximumQos, allowed);
        Flag(ref writer, MqttPropertyId.RetainAvailable, properties.RetainAvailable, allowed);
        foreach (MqttUserProperty property in properties.UserProperties)
        {
            Identifier(ref writer, MqttPropertyId.UserProperty, allowed);
            writer.Utf8String(property.Name);
            writer.Utf8String(property.Value);
        }

        Four(ref writer, MqttPropertyId.MaximumPacketSize, properties.MaximumPacketSize, allowed);
        Flag(ref writer, MqttPropertyId.WildcardSubscriptionAvailable, properties.WildcardSubscriptionAvailable, allowed);
        Flag(ref writer, MqttPropertyId.SubscriptionIdentifierAvailable, properties.SubscriptionIdentifiersAvailable, allowed);
        Flag(ref writer, MqttPropertyId.SharedSubscriptionAvailable, properties.SharedSubscriptionAvailable, allowed);
    }

    private static void Identifier(ref MqttFieldWriter writer, MqttPropertyId id, MqttPropertySet allowed)
    {
        if (!allowed.Holds(id))
        {
            throw new ArgumentException($"property {id} may not stand in {allowed.Place}");
        }

        writer.VariableByteInteger((int)id);
    }

    private static void One(ref MqttFieldWriter writer, MqttPropertyId id, byte? value, MqttPropertySet allowed)
    {
        if (value is { } present)
        {
            Identifier(ref writer, id, allowed);
            writer.Byte(present);
        }
    }

    private static void Flag(ref MqttFieldWriter writer, MqttPropertyId id, bool? value, MqttPropertySet allowed) =>
        One(ref writer, id, value is { } present ? (byte)(present ? 1 : 0) : null, allowed);

    private static void Two(ref MqttFieldWriter writer, MqttPropertyId id, ushort? value, MqttPropertySet allowed)
    {
        if (value is { } present)
        {
            Identifier(ref writer, id, allowed);
            writer.TwoByteInteger(present);
        }
    }

    private static void Four(ref MqttFieldWriter writer, MqttPropertyId id, uint? value, MqttPropertySet allowed)
    {
        if (value is { } present)
        {
            Identifier(ref writer, id, allowed);
            writer.FourByteInteger(present);
        }
    }

    private static void Text(ref MqttFieldWriter writer, MqttPropertyId id, string? value, MqttPropertySet allowed)
    {
        if (value is not null)
        {
            Identifier(ref writer, id, allowed);
            writer.Utf8String(value);
        }
    }

    private static void Binary(ref MqttFieldWriter writer, MqttPropertyId id, ReadOnlyMemory<byte>? value, MqttPropertySet allowed)
    {
        if (value is { } present)
        {
            Identifier(ref writer, id, allowed);
            writer.BinaryData(present.Span);
        }
    }
}
