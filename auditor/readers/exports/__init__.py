"""What exporters told a collector: NetFlow, IPFIX and sFlow datagrams inside captures."""
