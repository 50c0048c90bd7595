"""A configuration as variables: what Ocean's own settings make of them again is shown in tests/integration/test_production.py."""

from sandbox.resync.environment import variables


def test_nested_parts_are_joined_by_two_underscores() -> None:
    config = {"port": {"client_id": "test-client"}, "event_listener": {"type": "ONCE"}, "base_url": "http://here"}

    assert variables(config) == {
        "OCEAN__PORT__CLIENT_ID": "test-client",
        "OCEAN__EVENT_LISTENER__TYPE": "ONCE",
        "OCEAN__BASE_URL": "http://here",
    }


def test_what_is_no_text_goes_as_json() -> None:
    config = {"send_raw_data_examples": False, "client_timeout": 60, "integration": {"config": {"names": ["a", "é"]}}}

    assert variables(config) == {
        "OCEAN__SEND_RAW_DATA_EXAMPLES": "false",
        "OCEAN__CLIENT_TIMEOUT": "60",
        "OCEAN__INTEGRATION__CONFIG__NAMES": '["a", "\\u00e9"]',
    }


def test_a_dict_of_the_integrations_own_is_a_value_and_not_a_part() -> None:
    config = {"integration": {"config": {"mapping": {"a": {"b": 1}}}}, "ssl": {"third_party": {"verify": True}}}

    assert variables(config) == {
        "OCEAN__INTEGRATION__CONFIG__MAPPING": '{"a": {"b": 1}}',
        "OCEAN__SSL__THIRD_PARTY__VERIFY": "true",
    }


def test_names_in_camel_case_become_those_of_the_fields() -> None:
    config = {"integration": {"config": {"apiUrl": "a", "appHostURL": "b", "api_token": "c", "jiraHTTPHost": "d"}}}

    assert list(variables(config)) == [
        "OCEAN__INTEGRATION__CONFIG__API_URL",
        "OCEAN__INTEGRATION__CONFIG__APP_HOST_URL",
        "OCEAN__INTEGRATION__CONFIG__API_TOKEN",
        "OCEAN__INTEGRATION__CONFIG__JIRA_HTTP_HOST",
    ]


def test_none_is_left_out() -> None:
    assert variables({"base_url": None, "integration": {"config": {"token": None}}}) == {}


def test_no_configuration_is_no_variable() -> None:
    assert variables({"integration": {"config": {}}}) == {}
