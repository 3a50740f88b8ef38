"""Programs that use Youhui through its public API. Not part of the distribution."""
