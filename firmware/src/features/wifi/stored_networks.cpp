#include "features/wifi/stored_networks.h"

#include "features/config/keys.h"

namespace pb {

namespace {

/// Takes a length off the front, and then as many bytes. @return false when there are not so many bytes
bool take_text(Bytes& bytes, size_t most, Text& text) {
  if (bytes.empty() || bytes.data[0] > most || bytes.length - 1 < bytes.data[0]) return false;
  text = {reinterpret_cast<const char*>(bytes.data + 1), bytes.data[0]};
  bytes = bytes.after(size_t{1} + bytes.data[0]);
  return true;
}

bool take_network(Bytes& bytes, WifiNetwork& network) {
  if (bytes.empty()) return false;
  network.priority = bytes.data[0];
  bytes = bytes.after(1);
  return take_text(bytes, StoredNetworks::kMaxSsid, network.ssid) &&
         take_text(bytes, StoredNetworks::kMaxPsk, network.psk);
}

}  // namespace

void StoredNetworks::load() {
  networks_ = List();
  size_t length = 0;
  const SecretsResult result = secrets_.read(secret::kWifi, networks_.bytes, length);
  if (result == SecretsResult::not_found) return;
  networks_.length = length;
  if (result == SecretsResult::ok && is_valid(networks_)) return;
  log_.error("wifi", "the stored networks cannot be read; add them again");
  networks_ = List();
}

bool StoredNetworks::is_valid(const List& list) {
  if (list.length == 0 || list.bytes[0] > kMaxNetworks) return false;
  Bytes rest{list.bytes + 1, list.length - 1};
  for (size_t i = 0; i < list.bytes[0]; ++i) {
    WifiNetwork network;
    if (!take_network(rest, network) || network.ssid.empty()) return false;
  }
  return rest.empty();
}

WifiNetwork StoredNetworks::at(size_t index) const {
  Bytes rest{networks_.bytes + 1, networks_.length - 1};
  WifiNetwork network;
  for (size_t i = 0; i <= index; ++i) take_network(rest, network);
  return network;
}

void StoredNetworks::write(JsonWriter& json) const {
  json.begin_array();
  for (size_t i = 0; i < count(); ++i) {
    const WifiNetwork network = at(i);
    json.begin_object()
        .member("priority", uint32_t{network.priority})
        .member("ssid", network.ssid)
        .member("open", network.psk.empty())
        .end_object();
  }
  json.end_array();
}

void StoredNetworks::List::append(const WifiNetwork& network) {
  const auto put = [this](Text text) {
    bytes[length++] = static_cast<uint8_t>(text.length);
    memcpy(bytes + length, text.data, text.length);
    length += text.length;
  };
  ++bytes[0];
  bytes[length++] = network.priority;
  put(network.ssid);
  put(network.psk);
}

const char* StoredNetworks::add(const WifiNetwork& network, StorageDone done) {
  const bool has_nul = find(network.ssid, '\0') < network.ssid.length;
  if (network.ssid.empty() || network.ssid.length > kMaxSsid || has_nul) {
    return "the name must have 1 to 32 bytes, and no NUL character";
  }
  if (network.priority < 1 || network.priority > kMaxPriority) return "the priority must be 1 to 9";
  if (check_wifi_psk(network.psk) != nullptr) {
    return "the key must have 8 to 63 characters of ASCII, or 64 hexadecimal digits, or be left out for an open "
           "network";
  }
  if (is_storing_) return kBusy;
  next_ = List();
  bool is_placed = false;
  for (size_t i = 0; i < count(); ++i) {
    const WifiNetwork other = at(i);
    if (other.ssid == network.ssid) continue;
    if (!is_placed && network.priority < other.priority) {
      next_.append(network);
      is_placed = true;
    }
    if (next_.bytes[0] == kMaxNetworks) return "there are 4 networks already; remove one first";
    next_.append(other);
  }
  if (next_.bytes[0] == kMaxNetworks && !is_placed) return "there are 4 networks already; remove one first";
  if (!is_placed) next_.append(network);
  return store(done);
}

const char* StoredNetworks::remove(Text ssid, StorageDone done) {
  if (is_storing_) return kBusy;
  next_ = List();
  for (size_t i = 0; i < count(); ++i) {
    const WifiNetwork other = at(i);
    if (other.ssid != ssid) next_.append(other);
  }
  if (next_.bytes[0] == count()) return "there is no stored network of that name";
  return store(done);
}

const char* StoredNetworks::store(StorageDone done) {
  done_ = done;
  is_storing_ = worker_.post({[](void* self) {
                                auto& list = *static_cast<StoredNetworks*>(self);
                                list.result_ =
                                    list.secrets_.write(secret::kWifi, {list.next_.bytes, list.next_.length});
                              },
                              [](void* self) { static_cast<StoredNetworks*>(self)->stored(); }, this});
  return is_storing_ ? nullptr : kBusy;
}

void StoredNetworks::stored() {
  is_storing_ = false;
  const bool ok = result_ == SecretsResult::ok;
  if (ok) {
    networks_ = next_;
  } else {
    log_.error("wifi", "the list of networks could not be stored, the old one stays");
  }
  if (done_.call != nullptr) done_.call(done_.context, ok ? StorageResult::ok : StorageResult::failed);
}

}  // namespace pb
