# find_package(normlab CONFIG) gives
#   normlab::normlab               the normalizers and their tape, to be linked into a program: #include <normlab/norm.h>
#   normlab::api                   the C interface as a shared library: #include <normlab.h>
#   normlab_add_plugin(NAME FILE)  NAME.so from a file that ends with NORMLAB_PLUGIN, for `normlab --plugin`
include(CMakeFindDependencyMacro)
find_dependency(PkgConfig)
pkg_check_modules(NORMLAB_MD REQUIRED QUIET IMPORTED_TARGET libmd)
include(${CMAKE_CURRENT_LIST_DIR}/normlab-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/normlab-plugin.cmake)
