# normlab_add_plugin(NAME FILE): NAME.so from a file that ends with NORMLAB_PLUGIN, for `normlab --plugin`
function(normlab_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE normlab::headers)
  # its kind.h is ours, whatever other folders have
  target_include_directories(${name} BEFORE PRIVATE $<TARGET_PROPERTY:normlab::headers,INTERFACE_INCLUDE_DIRECTORIES>)
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX .so C_EXTENSIONS OFF)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    target_compile_options(${name} PRIVATE -O2)
  endif()
endfunction()
