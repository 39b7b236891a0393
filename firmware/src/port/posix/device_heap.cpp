#include "port/posix/device_heap.h"

#include <string.h>

#include <new>

namespace pb::posix {

namespace {

constexpr size_t rounded_up(size_t size) { return (size + DeviceHeap::kAlignment - 1) & ~(DeviceHeap::kAlignment - 1); }

}  // namespace

DeviceHeap::DeviceHeap(size_t size)
    : size_(size & ~(kAlignment - 1)), arena_(new std::byte[size_ + kAlignment]), start_(arena_.get()) {
  start_ += rounded_up(reinterpret_cast<uintptr_t>(start_)) - reinterpret_cast<uintptr_t>(start_);
  if (size_ < sizeof(Block)) {
    size_ = 0;
    return;
  }
  auto* all = new (start_) Block{size_ - sizeof(Block), false};
  free_ = minimum_ = all->size;
}

DeviceHeap::Block* DeviceHeap::first() const { return size_ == 0 ? nullptr : reinterpret_cast<Block*>(start_); }

DeviceHeap::Block* DeviceHeap::after(const Block* block) const {
  auto* next = reinterpret_cast<std::byte*>(const_cast<Block*>(block)) + sizeof(Block) + block->size;
  return next == start_ + size_ ? nullptr : reinterpret_cast<Block*>(next);
}

void* DeviceHeap::allocate(size_t size) {
  const size_t wanted = rounded_up(size == 0 ? 1 : size);
  if (wanted < size) return nullptr;
  for (Block* block = first(); block != nullptr; block = after(block)) {
    if (block->used || block->size < wanted) continue;
    free_ -= block->size;
    if (block->size >= wanted + sizeof(Block) + kAlignment) {
      auto* rest = new (reinterpret_cast<std::byte*>(block) + sizeof(Block) + wanted)
          Block{block->size - wanted - sizeof(Block), false};
      free_ += rest->size;
      block->size = wanted;
    }
    block->used = true;
    if (free_ < minimum_) minimum_ = free_;
    return reinterpret_cast<std::byte*>(block) + sizeof(Block);
  }
  return nullptr;
}

void* DeviceHeap::allocate_zeroed(size_t size) {
  void* memory = allocate(size);
  if (memory != nullptr) memset(memory, 0, size);
  return memory;
}

void DeviceHeap::release(void* memory) {
  if (memory == nullptr) return;
  auto* released = reinterpret_cast<Block*>(static_cast<std::byte*>(memory) - sizeof(Block));
  released->used = false;
  free_ += released->size;
  for (Block* block = first(); block != nullptr; block = after(block)) {
    if (block->used) continue;
    for (Block* next = after(block); next != nullptr && !next->used; next = after(block)) {
      block->size += sizeof(Block) + next->size;
      free_ += sizeof(Block);
    }
  }
}

size_t DeviceHeap::largest_block() const {
  size_t largest = 0;
  for (const Block* block = first(); block != nullptr; block = after(block)) {
    if (!block->used && block->size > largest) largest = block->size;
  }
  return largest;
}

}  // namespace pb::posix
