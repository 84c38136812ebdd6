"""A taken port is reported with its holder and a way out."""

import os
import socket

import psutil
import pytest

from local.errors import StackError
from local.ports import answers, free_ports, require_free


def test_a_taken_port_names_its_holder_and_the_variable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StackError) as raised:
            require_free(port, service="redis", variable="KONTOR_REDIS_PORT")
    mine = f"pid {os.getpid()} ({psutil.Process().name()})"
    assert str(raised.value) == f"redis needs port {port}, and {mine} holds it."
    assert "KONTOR_REDIS_PORT=<port> kontor up" in raised.value.remedy


def test_free_ports_are_distinct_and_free() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        require_free(port, service="any", variable="ANY")
        assert not answers(port)
