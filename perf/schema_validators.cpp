// Validates messages by the device's validator or by RapidJSON's SAX schema validator:
// `schema-validators ours|rapidjson FOLDER ROUNDS < documents`. FOLDER has the JSON schemas by message. Each document
// is a line `<action> <request|response> <bytes>`, followed by so many bytes. The result is a line of JSON: documents
// in each second of processor time, bytes of heap of the schemas, the most bytes of heap of one validation, and the
// number of valid documents.
#include <malloc.h>
#include <rapidjson/document.h>
#include <rapidjson/filereadstream.h>
#include <rapidjson/schema.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "features/schema/ocpp16_tables.h"
#include "features/schema/validator.h"

extern "C" {
void* __real_malloc(size_t size);
void* __real_realloc(void* memory, size_t size);
void __real_free(void* memory);
}

namespace {

size_t heap = 0;
size_t most_heap = 0;

void count(void* memory, bool is_taken) {
  if (memory == nullptr) return;
  heap = is_taken ? heap + malloc_usable_size(memory) : heap - malloc_usable_size(memory);
  if (heap > most_heap) most_heap = heap;
}

struct Message {
  std::string action;
  bool is_request = false;
  std::string text;
};

std::vector<Message> read_messages() {
  std::vector<Message> messages;
  char action[64];
  char kind[16];
  size_t length = 0;
  while (scanf("%63s %15s %zu", action, kind, &length) == 3) {
    getchar();
    Message message{action, strcmp(kind, "request") == 0, std::string(length, '\0')};
    if (fread(message.text.data(), 1, length, stdin) != length) exit(2);
    messages.push_back(message);
  }
  return messages;
}

class Ours {
 public:
  explicit Ours(const std::string&) {}
  bool is_valid(const Message& message) const {
    const pb::SchemaTables tables(pb::ocpp16_tables());
    pb::SchemaValidator validator(tables, tables.find(message.action.c_str(), message.is_request));
    return validator.feed(pb::Text(message.text.data(), message.text.size())) && validator.finish();
  }
  void prepare(const Message&) {}
};

class RapidJson {
 public:
  explicit RapidJson(std::string folder) : folder_(std::move(folder)) {}
  bool is_valid(const Message& message) const {
    rapidjson::SchemaValidator validator(*schemas_.at(name_of(message)));
    rapidjson::Reader reader;
    rapidjson::MemoryStream stream(message.text.data(), message.text.size());
    return !reader.Parse<rapidjson::kParseValidateEncodingFlag>(stream, validator).IsError() && validator.IsValid();
  }
  void prepare(const Message& message) {
    std::unique_ptr<rapidjson::SchemaDocument>& schema = schemas_[name_of(message)];
    if (schema != nullptr) return;
    const std::string path = folder_ + "/" + name_of(message) + ".json";
    FILE* file = fopen(path.c_str(), "rb");
    if (file == nullptr) exit(2);
    char buffer[4096];
    rapidjson::FileReadStream stream(file, buffer, sizeof buffer);
    rapidjson::Document document;
    // The files may begin with a byte order mark.
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::FileReadStream> text(stream);
    document.ParseStream(text);
    fclose(file);
    schema = std::make_unique<rapidjson::SchemaDocument>(document);
  }

 private:
  static std::string name_of(const Message& message) { return message.action + (message.is_request ? "" : "Response"); }

  std::string folder_;
  std::map<std::string, std::unique_ptr<rapidjson::SchemaDocument>> schemas_;
};

template <class Validator>
void measure(const std::string& folder, size_t rounds) {
  const std::vector<Message> messages = read_messages();
  const size_t heap_before = heap;
  Validator validator(folder);
  for (const Message& message : messages) validator.prepare(message);
  const size_t schemas = heap - heap_before;
  const size_t heap_idle = heap;
  most_heap = heap;
  size_t valid = 0;
  for (const Message& message : messages) valid += validator.is_valid(message) ? 1 : 0;
  const size_t peak = most_heap - heap_idle;
  const clock_t began = clock();
  size_t checked = 0;
  for (size_t round = 0; round < rounds; ++round) {
    for (const Message& message : messages) checked += validator.is_valid(message) ? 1 : 0;
  }
  const double seconds = static_cast<double>(clock() - began) / CLOCKS_PER_SEC;
  if (checked != valid * rounds) exit(3);
  printf("{\"per_second\":%.0f,\"schemas\":%zu,\"peak\":%zu,\"valid\":%zu}\n",
         static_cast<double>(messages.size() * rounds) / seconds, schemas, peak, valid);
}

}  // namespace

extern "C" {
void* __wrap_malloc(size_t size) {
  void* memory = __real_malloc(size);
  count(memory, true);
  return memory;
}
void* __wrap_realloc(void* memory, size_t size) {
  count(memory, false);
  memory = __real_realloc(memory, size);
  count(memory, true);
  return memory;
}
void __wrap_free(void* memory) {
  count(memory, false);
  __real_free(memory);
}
}

void* operator new(size_t size) { return __wrap_malloc(size); }
void operator delete(void* memory) noexcept { __wrap_free(memory); }
void operator delete(void* memory, size_t) noexcept { __wrap_free(memory); }

int main(int argc, char** argv) {
  if (argc != 4) {
    fputs("usage: schema-validators ours|rapidjson FOLDER ROUNDS < documents\n", stderr);
    return 2;
  }
  const size_t rounds = strtoul(argv[3], nullptr, 10);
  if (strcmp(argv[1], "ours") == 0) {
    measure<Ours>(argv[2], rounds);
  } else {
    measure<RapidJson>(argv[2], rounds);
  }
  return 0;
}
