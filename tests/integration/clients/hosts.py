"""The forms that a host may have."""

HOSTS = {
    "plain": "https://api.things.example",
    "port": "https://api.things.example:8443",
    "IDN": "https://bücher.things.example",
    "underscore": "https://my_api.things.example",
    "IPv4": "https://93.184.215.14",
    "IPv6": "https://[2001:db8::9]",
    "trailing dot": "https://api.things.example.",
}
