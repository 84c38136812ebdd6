"""The house holds together: the command starts and says what it is."""

from typer.testing import CliRunner

from cli.tree import tree


def test_help_names_the_product() -> None:
    result = CliRunner().invoke(tree(), ["--help"])
    assert result.exit_code == 0
    assert "event backbone" in result.output
