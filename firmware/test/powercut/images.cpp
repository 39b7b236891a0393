#include "powercut/images.h"

#include "core/crc32.h"
#include "core/sha256.h"
#include "port/image_header.h"
#include "port/posix/image_check.h"

namespace pb::powercut {
namespace {

/// More than a sector, so that the slot is erased twice.
constexpr size_t kProgramLength = 4'500;
constexpr char kProgramMark[] = "PBHOST02";
constexpr size_t kSegmentHeader = 8;
constexpr size_t kVersionPlace = image_header::kLength + kSegmentHeader + sizeof kProgramMark - 1;
constexpr size_t kAlignment = 16;

/// An entry of otadata (ESP-IDF, `esp_ota_select_entry_t`).
struct Entry {
  uint32_t sequence;
  uint8_t label[20];
  uint32_t state;
  uint32_t crc;
};
constexpr uint32_t kNew = 0;
constexpr uint32_t kPendingVerify = 1;
constexpr uint32_t kValid = 2;
constexpr uint32_t kInvalid = 3;
constexpr uint32_t kAborted = 4;
constexpr uint32_t kErased = 0xFFFFFFFF;

void write(Flash& otadata, size_t place, const Entry& entry) {
  uint8_t bytes[sizeof entry];
  memcpy(bytes, &entry, sizeof bytes);
  otadata.erase(place);
  otadata.program(place, bytes);
}

/// The slot of the valid entry with the highest sequence number; the first one without an entry.
size_t choose(Flash& otadata) {
  Entry newest{};
  size_t newest_place = 0;
  for (size_t place = 0; place < otadata.size(); place += Flash::kSectorSize) {
    uint8_t bytes[sizeof(Entry)] = {};
    otadata.read(place, bytes);
    Entry entry;
    memcpy(&entry, bytes, sizeof entry);
    if (entry.sequence == kErased || entry.crc != crc32({bytes, sizeof entry.sequence}, kErased)) continue;
    if (entry.state == kPendingVerify) {
      entry.state = kAborted;
      write(otadata, place, entry);
    }
    if (entry.state == kAborted || entry.state == kInvalid || entry.sequence <= newest.sequence) continue;
    newest = entry;
    newest_place = place;
  }
  if (newest.sequence == 0) return 0;
  if (newest.state == kNew) {
    newest.state = kPendingVerify;
    write(otadata, newest_place, newest);
  }
  return (newest.sequence - 1) % 2;
}

}  // namespace

std::string make_image(char version) {
  std::string program(kProgramLength, version);
  program.replace(0, sizeof kProgramMark - 1, kProgramMark);
  std::string image(image_header::kLength, '\0');
  image[0] = static_cast<char>(image_header::kMagic);
  image[image_header::kSegmentsPlace] = 1;
  image[image_header::kHasHashPlace] = 1;
  image.append(4, '\0');
  for (size_t i = 0; i < 4; ++i) image += static_cast<char>(program.size() >> (8 * i));
  image += program;
  uint8_t checksum = 0xEF;
  for (const char byte : program) checksum ^= static_cast<uint8_t>(byte);
  image.resize(image.size() + kAlignment - 1 - image.size() % kAlignment, '\0');
  image += static_cast<char>(checksum);
  Sha256 sha;
  sha.add(Text(image.data(), image.size()).bytes());
  uint8_t digest[kSha256Length];
  sha.finish(digest);
  return image.append(reinterpret_cast<const char*>(digest), sizeof digest);
}

void install_first_image(World& world, size_t slot) {
  const std::string image = make_image('1');
  memcpy(world.flash.data() + World::kSlots[slot] * Flash::kSectorSize + world.flash.size(), image.data(),
         image.size());
  world.has_images = true;
  if (slot == 0) return;
  Entry entry;
  memset(&entry, 0xFF, sizeof entry);
  entry.sequence = 2;
  entry.state = kValid;
  uint8_t sequence[sizeof entry.sequence];
  memcpy(sequence, &entry.sequence, sizeof sequence);
  entry.crc = crc32(sequence, kErased);
  RamFlashPart otadata(world.part(World::kOtaData, World::kOtaDataSectors));
  write(otadata, 0, entry);
}

bool boot_image(World& world) {
  RamFlashPart otadata(world.part(World::kOtaData, World::kOtaDataSectors));
  RamFlashPart slots[] = {world.part(World::kSlots[0], World::kSlotSectors),
                          world.part(World::kSlots[1], World::kSlotSectors)};
  const size_t chosen = choose(otadata);
  if (world.flash.dead()) return false;
  for (const size_t slot : {chosen, 1 - chosen}) {
    world.running = slot;
    if (posix::check_image(slots[slot], slots[slot].size()) == UpdateResult::ok) return true;
  }
  world.violate("no-image", "no slot has a valid image");
  return false;
}

std::string running_version(World& world) {
  return std::string(1, static_cast<char>(world.part(World::kSlots[world.running], 1).mapped()[kVersionPlace]));
}

}  // namespace pb::powercut
