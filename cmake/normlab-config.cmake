# find_package(normlab CONFIG) gives
#   normlab::normlab               the normalizers and their tape, to be linked into a program: #include <normlab/norm.h>
#   normlab_add_plugin(NAME FILE)  NAME.so from a file that ends with NORMLAB_PLUGIN, for `normlab --plugin`
include(CMakeFindDependencyMacro)
find_dependency(PkgConfig)
pkg_check_modules(MD REQUIRED QUIET IMPORTED_TARGET libmd)
pkg_check_modules(BLAS REQUIRED QUIET IMPORTED_TARGET openblas)
include(${CMAKE_CURRENT_LIST_DIR}/normlab-targets.cmake)

function(normlab_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE normlab::headers)
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX .so C_EXTENSIONS OFF)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    target_compile_options(${name} PRIVATE -O2)
  endif()
endfunction()
