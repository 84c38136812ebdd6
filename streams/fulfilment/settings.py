"""What of fulfilment is set from outside, beside the worker's own settings and in the same way (`streams/engine/settings.py`)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from streams.fulfilment.policy import FulfilmentPolicy


class FulfilmentSettings(BaseSettings):
    """Times are seconds."""

    model_config = SettingsConfigDict(env_prefix="KONTOR_", frozen=True, extra="ignore")

    verdict_patience: float = Field(
        30.0, gt=0, description="an order goes on without risk's verdict, and says so, then"
    )

    @property
    def policy(self) -> FulfilmentPolicy:
        return FulfilmentPolicy(patience=round(self.verdict_patience * 1000))
