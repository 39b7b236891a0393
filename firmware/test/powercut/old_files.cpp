// Files of version 0.1.0 after a power cut: a charge that the CSMS has answered, one that is pending, and one that was
// open. Each format of a released version gets such a scenario.
#include "powercut/old_files.h"

#include "features/storage/littlefs_storage.h"
#include "support/fake_worker.h"

namespace pb::powercut {
namespace {

struct OldFile {
  const char* name;
  const char* content;
  bool hexadecimal;
};

constexpr OldFile kFiles[] = {
    {"auth_cache", R"([{"idTag":"BUTTON","status":"Accepted"},{"idTag":"FIRST","status":"Accepted"}])", false},
    {"config.json",
     R"({"csms_url":"ws://csms.example/ocpp","wifi_ssid":"Garage","local_id_tag":"SECOND","backoff_initial_ms":50,"backoff_max_ms":50,"authorization_cache_enabled":true,"meter_value_sample_interval_s":1,"stop_txn_sampled_data":"Energy.Active.Import.Register"})",
     false},
    {"last_time", R"(2024-05-01T12:00:10.020Z)", false},
    {"ledger",
     R"(bb9ccd28 {"next_seq":4,"next_tx":2,"started":1,"id":101,"stopped":1,"wh":16,"sampled":[785367666,64368,1714564874383,true],"batch":0,"batch_sent":0,"tag":"FIRST","parent":"","from":0,"refused":false})",
     false},
    {"tx-0000000004",
     R"(0ef1a70d {"seq":4,"nonce":3061731793,"tx":2,"type":"start","at":[785367666,65111,1714564875126,true],"wh":16,"tag":"BUTTON","reason":"Local"})",
     false},
    {"tx-0000000005",
     "4df0942f3e02050000007567dde10200000072c2cf2e3f020100000000005ec707348f0100001a000000000000000000"
     "00800000000000000000a08c0010e8030080000000000a000000a08c0010",
     true},
    {"tx-0000000006",
     R"(3e7e4776 {"seq":6,"nonce":731860717,"tx":2,"type":"stop","at":[785367666,67816,1714564877831,true],"wh":42,"tag":"","reason":"EVDisconnected"})",
     false},
    {"tx-0000000007",
     R"(010e6fc9 {"seq":7,"nonce":1733318650,"tx":3,"type":"start","at":[785367666,68614,1714564878629,true],"wh":42,"tag":"SECOND","reason":"Local"})",
     false},
    {"tx-0000000008",
     "4dc63d41830208000000b34829d10300000072c2cf2eee0f0100000000000dd507348f01000034000000000000000000"
     "00800000000000000000a08c0010e8030080000000000a000000a08c0010",
     true},
    {"txd-0000000002",
     "4d6915a2880400000000000000000200000072c2cf2e57fe00000000000076c307348f01000010000000000000000000"
     "0080000000000000000000000012e8030080000000000a000000a08c0010d00700800000000014000000a08c0010910a"
     "0080000000001a00000000000013",
     true},
    {"txd-0000000003",
     "4d03d9d19d0300000000000000000300000072c2cf2e060c01000000000025d107348f0100002a000000000000000000"
     "0080000000000000000000000012e8030080000000000a000000a08c0010d00700800000000014000000a08c0010",
     true},
};

std::string decoded(const OldFile& file) {
  std::string content = file.content;
  if (!file.hexadecimal) return content;
  std::string bytes;
  for (size_t i = 0; i < content.size(); i += 2) {
    bytes += static_cast<char>(strtoul(content.substr(i, 2).c_str(), nullptr, 16));
  }
  return bytes;
}

}  // namespace

void prepare_files_of_0_1_0(Device& device) {
  World& world = device.world();
  FakeWorker worker;
  LittleFsStorage storage(world.flash, worker);
  storage.mount();
  storage.start();
  for (const OldFile& file : kFiles) {
    const std::string content = decoded(file);
    storage.write(file.name, Text(content.data(), content.size()).bytes(), {});
    worker.deliver_all();
  }
  world.provisioned = true;
  world.acknowledge("csms_url", "ws://csms.example/ocpp");
  world.acknowledge("local_id_tag", "SECOND");
  world.acknowledge("authorization_cache_enabled", "true");
  world.now = 1'714'564'900'000;
  // The files are from another boot, with other random numbers.
  world.boots = 100;
  // The energy at the time of the files; the CSMS has the first charge.
  world.energy_wh = 68;
  world.energy_by_tag = {{"BUTTON", 26}, {"SECOND", 26}};
  world.outages = 1;
}

}  // namespace pb::powercut
