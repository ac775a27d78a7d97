# test-inputs: tests/fuzz, over all that the program sees, and the program's commands without its main.
set(here ${CMAKE_CURRENT_SOURCE_DIR}/fuzz)
set(source ${PROJECT_SOURCE_DIR}/src)
get_target_property(stands_on normlab LINK_LIBRARIES)
list(APPEND stands_on normlab-equation normlab-base)
if(NORMLAB_FUZZ)
  add_executable(test-inputs ${here}/inputs.c)
  link_ours(test-inputs ${stands_on})
  target_compile_definitions(test-inputs PRIVATE NORMLAB_FUZZ)
  target_link_options(test-inputs PRIVATE -fsanitize=fuzzer -Wl,--wrap=reader_open,--wrap=reader_close,--wrap=reader_ask
    -Wl,--wrap=budget_lift,--wrap=budget_begin,--wrap=budget_rest,--wrap=budget_allow)
else()
  layer_test(fuzz ${here}/inputs.c LINKS ${stands_on})
endif()
link_ours(test-inputs hdf5 PkgConfig::NORMLAB_PNG ZLIB::ZLIB)
target_include_directories(test-inputs PRIVATE $<TARGET_PROPERTY:normlab,INCLUDE_DIRECTORIES>)
target_sources(test-inputs PRIVATE ${here}/texts.c ${here}/claims.c ${here}/page.c ${here}/data.c ${here}/inside.c ${here}/files.c
  ${here}/checkpoint.c ${source}/tool/command.c $<FILTER:$<TARGET_OBJECTS:normlab>,EXCLUDE,command\\.c\\.o$>)
set_source_files_properties(${here}/page.c PROPERTIES INCLUDE_DIRECTORIES ${source}/weave)
set_source_files_properties(${here}/inside.c PROPERTIES INCLUDE_DIRECTORIES ${source}/store)
set_source_files_properties(${source}/tool/command.c PROPERTIES COMPILE_OPTIONS -Wno-missing-prototypes
  COMPILE_DEFINITIONS "main=command_main;NORMLAB_VERSION=\"${PROJECT_VERSION}\"")
