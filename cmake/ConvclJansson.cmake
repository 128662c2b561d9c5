# ConvclJansson.cmake: finds jansson as the target jansson::jansson, by its CMake package where that is installed (Debian has none), else by its files.
# SPDX-License-Identifier: MIT
include_guard(GLOBAL)
find_package(jansson CONFIG QUIET)
if(NOT TARGET jansson::jansson)
  find_path(CONVCL_JANSSON_INCLUDE jansson.h REQUIRED)
  find_library(CONVCL_JANSSON_LIBRARY jansson REQUIRED)
  add_library(convcl_jansson INTERFACE)
  target_include_directories(convcl_jansson SYSTEM INTERFACE ${CONVCL_JANSSON_INCLUDE})
  target_link_libraries(convcl_jansson INTERFACE ${CONVCL_JANSSON_LIBRARY})
  add_library(jansson::jansson ALIAS convcl_jansson)
endif()
