#pragma once

#include "core/json_writer.h"
#include "core/span.h"
#include "port/network.h"

namespace pb {

/// Writes the access points of a scan as an array, in their order.
inline void write_found(JsonWriter& json, Span<const FoundNetwork> networks) {
  json.begin_array();
  for (const FoundNetwork& network : networks) {
    json.begin_object()
        .member("ssid", network.ssid.text())
        .member("rssi", int{network.rssi})
        .member("channel", uint32_t{network.channel})
        .member("open", network.is_open)
        .end_object();
  }
  json.end_array();
}

}  // namespace pb
