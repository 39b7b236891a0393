// The answer of CsmsRequests to GetConfiguration.
#include "features/charge_point/csms_requests.h"

namespace pb {
namespace {

/// The parts of GetConfiguration.conf.
struct Reading {
  JsonWriter& json;
  JsonValue wanted;

  bool wants(Text name) const {
    if (wanted.size() == 0) return true;
    for (JsonItems items(wanted); items.next();) {
      CharacterText<50> one;
      if (items.value().get(one) && equal_ignoring_case(one.text(), name)) return true;
    }
    return false;
  }
};

}  // namespace

/// OCPP 1.6 section 5.8.
void CsmsRequests::get_configuration(Request& request) {
  const JsonValue wanted = request.payload.value("key");
  if (wanted.size() > Config::kMaxKeysOfRequest) request.payload.reject_count("more keys than GetConfigurationMaxKeys");
  if (!request.payload.ok()) return;
  Reading reading{request.reply.result(), wanted};
  JsonWriter& json = reading.json;
  json.begin_object().key("configurationKey").begin_array();
  config_.visit_ocpp(
      [](void* context, const OcppKey& key, Text value) {
        const Reading& answer = *static_cast<const Reading*>(context);
        if (!answer.wants(key.name)) return;
        answer.json.begin_object().member("key", key.name).member("readonly", key.read_only);
        answer.json.member("value", value).end_object();
      },
      &reading);
  // AuthorizationKey is write-only, so it is listed without its value.
  if (reading.wants(Security::kKeyName)) {
    json.begin_object().member("key", Security::kKeyName).member("readonly", false).end_object();
  }
  json.end_array();
  bool any_unknown = false;
  for (JsonItems items(wanted); items.next();) {
    CharacterText<50> name;
    OcppKey key;
    items.value().get(name);
    if (Config::find_ocpp(name.text(), key) || equal_ignoring_case(name.text(), Security::kKeyName)) continue;
    if (!any_unknown) json.key("unknownKey").begin_array();
    any_unknown = true;
    json.string(name.text());
  }
  if (any_unknown) json.end_array();
  json.end_object();
}

}  // namespace pb
